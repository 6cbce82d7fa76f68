/** A process that writes and reports until it is killed: `node crash-writer.js <JSON of WriterTask>`. */
import type { StateProvider } from '../../ports/index.js';
import { startedBy } from '../crash-context.js';
import type { CrashRecipe } from '../kit-subject.js';
import { putOf, removeOf, sidesOf } from './halves.js';
import type { Report } from './ledger.js';

export interface WriterTask extends CrashRecipe {
  readonly firstPair: number;
}

const writers = 8;

// Writing to a pipe is synchronous on POSIX: what was reported has left the process before the next step.
const report = (line: Report): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

async function act(store: StateProvider, what: 'put' | 'delete', pair: number): Promise<void> {
  const changes = sidesOf(pair).map(what === 'put' ? putOf : removeOf);
  report({ at: 'begin', act: what, pair });
  const revision = await store.commit(changes);
  report({ at: 'done', act: what, pair, revision });
}

async function writeForEver(store: StateProvider, first: number): Promise<never> {
  for (let pair = first; ; pair += writers) {
    await act(store, 'put', pair);
    if (pair % 5 === 0) await act(store, 'delete', pair);
  }
}

const task = JSON.parse(process.argv[2] ?? '') as WriterTask;
const { instance } = await startedBy<StateProvider>(task);
await Promise.all(Array.from({ length: writers }, (_, n) => writeForEver(instance, task.firstPair + n)));
