/** A process that enqueues, does three items and hangs in the next until it is killed: `node crash-worker.js <CrashRecipe>`. */
import type { QueueProvider } from '../../ports/index.js';
import { startedBy } from '../crash-context.js';
import type { CrashRecipe } from '../kit-subject.js';
import type { Report } from './crash.js';
import { queue } from './desk.js';

// Writing to a pipe is synchronous on POSIX: what was reported has left the process before the next step.
const report = (line: Report): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const { instance } = await startedBy<QueueProvider>(JSON.parse(process.argv[2] ?? '') as CrashRecipe);
for (let n = 0; n < 40; n++) {
  const id = `kit-${n}`;
  await instance.enqueue(queue, id, n);
  report({ at: 'acknowledged', id });
}
let done = 0;
instance.work(queue, (_, { id }) => {
  if (done === 3) {
    report({ at: 'begun', id });
    return new Promise(() => undefined);
  }
  done++;
  report({ at: 'done', id });
  return undefined;
});
