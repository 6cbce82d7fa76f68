import { expect, test } from 'vitest';
import { systemClock } from '../../../core/host/clock.js';
import type { DesiredApplication } from '../../../core/ports/index.js';
import { cases, conformance, testContext } from '../../../core/testing/index.js';
import { mockSampleConfig as config, mockPlatform } from '../../../test/target/mock-platform.js';
import { sampleApplication } from '../../../test/target/process-samples.js';
import { type MockTarget, mockTarget } from './index.js';

const mockConformance = conformance({ definition: mockTarget, config, target: { platform: mockPlatform } });

for (const { name, run } of cases(mockConformance)) test(name, run);

const apply = (target: MockTarget, application: DesiredApplication): Promise<void> =>
  target.apply(application, 'main', { signal: new AbortController().signal, progress: () => undefined });

async function outcomes(failures: object, applies: number): Promise<string[]> {
  const { instance } = await testContext<MockTarget>(mockTarget, { config: { failures }, clock: systemClock });
  const found: string[] = [];
  for (let number = 0; number < applies; number += 1) {
    const applied = apply(instance, sampleApplication(`app-${number}`, 'sleeper'));
    found.push(await applied.then(() => 'ok').catch((fault: { code: string }) => fault.code));
  }
  return found;
}

test('ends calls and watches when it stops', async () => {
  const stuck = sampleApplication('app', 'sleeper');
  const { instance, dispose } = await testContext<MockTarget>(mockTarget, {
    config: { stuck: stuck.components.map(({ repository }) => repository) },
  });
  const ended = Promise.all([1, 2].map(() => apply(instance, stuck).catch((error: unknown) => error)));
  const watching = (async () => {
    for await (const _ of instance.watch(new AbortController().signal));
  })();
  await dispose();
  const fault = expect.objectContaining({ code: 'platform', retry: true, message: 'the target has stopped' });
  expect(await ended).toEqual([fault, fault]);
  await watching;
  await expect(apply(instance, stuck)).rejects.toEqual(fault);
  for await (const id of instance.watch(new AbortController().signal)) expect(id).toBeUndefined();
});

test('fails in the sequence that it is told', async () => {
  const sequence = ['start', 'ok', 'unhealthy', 'artifact'];
  expect(await outcomes({ sequence }, 5)).toEqual([...sequence, 'ok']);
});

test('fails at the rate that it is told, and the same way for the same seed', async () => {
  const first = await outcomes({ rate: 0.25, seed: 7 }, 400);
  const share = first.filter((outcome) => outcome !== 'ok').length / first.length;
  expect(share).toBeGreaterThan(0.18);
  expect(share).toBeLessThan(0.32);
  expect(await outcomes({ rate: 0.25, seed: 7 }, 400)).toEqual(first);
  expect(await outcomes({ rate: 0.25, seed: 8 }, 400)).not.toEqual(first);
});
