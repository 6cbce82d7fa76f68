import { expect, onTestFinished, test } from 'vitest';
import { workQueue } from '../../../core/plugin/index.js';
import { cases, conformance, recordingLogger, testContext } from '../../../core/testing/index.js';
import memory, { type MemoryQueues } from './index.js';

for (const { name, run } of cases(conformance({ definition: memory }))) test(name, run);

test('it says how many items have failed for good, and what is undone when it stops', async () => {
  const log = recordingLogger();
  const context = await testContext<MemoryQueues>(memory, { config: { attempts: 1 }, log });
  onTestFinished(() => context.dispose());
  await context.start();
  const { instance } = context;
  const queue = workQueue<null>('plant.work');
  instance.work(queue, () => {
    throw new Error('no such part');
  });
  await instance.enqueue(queue, 'bad', null);
  await expect
    .poll(() => instance.health())
    .toEqual({
      status: 'degraded',
      reason: '1 items of plant.work have failed for good',
    });
  await instance.enqueue(workQueue<null>('plant.other'), 'waits', null);
  await instance.stop();
  expect(log.lines).toContainEqual(expect.objectContaining({ message: 'work was not done', fields: { undone: 1 } }));
});
