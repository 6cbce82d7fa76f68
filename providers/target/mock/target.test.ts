import { expect, test } from 'vitest';
import { systemClock } from '../../../core/host/clock.js';
import type { DesiredApplication, TargetProvider } from '../../../core/ports/index.js';
import {
  cases,
  conformance,
  type KitSubject,
  runCase,
  type TargetPlatform,
  type TargetUnderTest,
  targetKit,
  targetSubjects,
  testContext,
} from '../../../core/testing/index.js';
import { sampleApplication, samples } from '../../../test/target/process-samples.js';
import { MockTarget, mockTarget } from './index.js';

const config = {
  latency: 20,
  persistent: true,
  missing: [`${samples}/nowhere`],
  failing: [`${samples}/failing`],
  stuck: [`${samples}/stuck`],
};

/** The pretended machine, which lives in the target. */
function mockPlatform(instance: TargetProvider): TargetPlatform {
  if (!(instance instanceof MockTarget)) throw new Error('a mock was expected');
  const { machine } = instance;
  return {
    application: (id, version) => sampleApplication(id, 'sleeper', { VERSION: version }),
    missing: (id) => sampleApplication(id, 'nowhere'),
    failing: (id) => sampleApplication(id, 'failing'),
    stuck: (id) => sampleApplication(id, 'stuck', {}, { timeout: 3_600_000 }),
    running: async (id, component) => {
      const workload = machine.get(id, component);
      return workload?.phase === 'running' ? [String(workload.desired.parameters['VERSION'])] : [];
    },
    starts: async (id, component) => machine.get(id, component)?.starts ?? 0,
    crash: (id, component) => instance.crash(id, component),
    leftovers: async () => machine.all().map(({ application }) => application.id),
  };
}

const mockSubject = targetSubjects(mockTarget, { config, platform: mockPlatform });
const mockConformance = conformance({ definition: mockTarget, config, target: mockSubject });

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

const breaks: readonly [string, string, (target: MockTarget) => Partial<MockTarget>][] = [
  [
    'starts anew each time',
    'restarts nothing',
    (target) => ({
      apply: async (application, name, call) => {
        await target.machine.delete(application.id, name);
        await MockTarget.prototype.apply.call(target, application, name, call);
        const made = target.machine.get(application.id, name);
        if (made) await target.machine.put({ ...made, starts: 2 });
      },
    }),
  ],
  ['removes nothing', 'remove leaves nothing', () => ({ remove: async () => undefined })],
  ['lists nothing', 'apply makes it run', () => ({ actual: async () => [] })],
  [
    'never tells',
    'told by watch',
    (target) => ({ watch: () => MockTarget.prototype.watch.call(target, AbortSignal.abort()) }),
  ],
  [
    'installs when it is only asked what it would do',
    'does nothing of it',
    (target) => ({
      preview: async (application) => {
        await apply(target, application);
        return ['install it'];
      },
    }),
  ],
  ['sees nothing to do', 'a preview tells what apply would do', () => ({ preview: async () => [] })],
  ['would do anything for anybody', 'a preview of what it cannot run', () => ({ preview: async () => ['install it'] })],
  [
    'ignores updates',
    'another version replaces it',
    (target) => ({
      apply: async (application, name, call) => {
        if (!target.machine.get(application.id, name))
          await MockTarget.prototype.apply.call(target, application, name, call);
      },
    }),
  ],
  [
    'does not listen to aborts',
    'an abort before the call',
    (target) => ({
      apply: (application, name, call) =>
        MockTarget.prototype.apply.call(target, application, name, { ...call, signal: new AbortController().signal }),
    }),
  ],
];

test.each(breaks)('the kit finds a target that %s', async (_, name, broken) => {
  const each = targetKit.cases.find((candidate) => candidate.name.includes(name));
  if (!each) throw new Error(`no case is called ${name}`);
  const make = async (): Promise<KitSubject<TargetUnderTest>> => {
    const subject = await mockSubject();
    Object.assign(subject.instance, broken(subject.instance as MockTarget & TargetUnderTest));
    return subject;
  };
  expect((await runCase(each, make, { patience: 300 })).status).toBe('failed');
});
