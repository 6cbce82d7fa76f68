import type { KitCase } from '../kit.js';
import { at, type LifecycleTrial, nothingLeft, started, succeeds } from './means.js';
import type { DefinitionUnderTest, MadeEntry } from './subject.js';

/** The order of create, start, drain and stop, and what each leaves. */
export const phaseCases: readonly KitCase<DefinitionUnderTest>[] = [
  at('basic', 'create opens nothing and writes nothing', async (trial) => {
    await trial.instance.make();
    trial.equal('what is open after create', await trial.instance.opened.left(), []);
    trial.equal('the delays of the clock after create', trial.instance.manual.waiting, 0);
    trial.equal('the files after create', await trial.instance.files(), []);
  }),

  at('basic', 'stop leaves nothing open', async (trial) => {
    const entry = await started(trial);
    await succeeds(trial, 'stop', entry.stop());
    await nothingLeft(trial, 'after stop');
  }),

  at('basic', 'drain succeeds, and stop after it', async (trial) => {
    const entry = await started(trial);
    await succeeds(trial, 'drain', entry.drain());
    await succeeds(trial, 'stop after drain', entry.stop());
    await nothingLeft(trial, 'after drain and stop');
  }),

  at('basic', 'stop without start succeeds', async (trial) => {
    const entry = trial.observed(await trial.instance.make());
    await succeeds(trial, 'stop without start', entry.stop());
    await nothingLeft(trial, 'after stop without start');
  }),

  at('idempotent', 'stop twice succeeds', async (trial) => {
    const entry = await started(trial);
    await succeeds(trial, 'the first stop', entry.stop());
    await succeeds(trial, 'the second stop', entry.stop());
    await nothingLeft(trial, 'after the second stop');
  }),

  at('convergent', 'three lives on the same data begin and end like the first', async (trial) => {
    for (const life of ['first', 'second', 'third']) {
      const entry = await started(trial);
      await succeeds(trial, `stop of the ${life} life`, entry.stop());
      await nothingLeft(trial, `after the ${life} life`);
    }
  }),

  at('concurrent', 'two entries side by side do not disturb each other', async (trial) => {
    const first = await started(trial);
    const second = trial.observed(await trial.instance.makeSecond());
    await succeeds(trial, 'start of a second entry under another name', second.start());
    const before = statusOf(first);
    await succeeds(trial, 'stop of the second entry', second.stop());
    trial.equal('the health of the first entry when the second has stopped', statusOf(first), before);
    await succeeds(trial, 'stop of the first entry', first.stop());
    await nothingLeft(trial, 'after both have stopped');
  }),

  at('fault', 'a start whose signal has aborted opens nothing', async (trial) => {
    await trial.instance.makeDataDir();
    const entry = trial.observed(await trial.instance.make());
    await ends(trial, entry.start(AbortSignal.abort(new Error('given up by the kit'))));
    trial.equal('what is open after a start that was given up on', await trial.instance.opened.left(), []);
    await succeeds(trial, 'stop', entry.stop());
    await nothingLeft(trial, 'after stop');
  }),

  at('fault', 'stop after a start that was given up on leaves nothing open', async (trial) => {
    await trial.instance.makeDataDir();
    const entry = trial.observed(await trial.instance.make());
    const given = new AbortController();
    const start = entry.start(given.signal);
    given.abort(new Error('given up by the kit'));
    await ends(trial, start);
    await succeeds(trial, 'stop', entry.stop());
    await nothingLeft(trial, 'after stop');
  }),
];

/** Waits for a start that may succeed or fail, as long as it does not hang. */
async function ends(trial: LifecycleTrial, start: Promise<void>): Promise<void> {
  await trial.within('the end of a start that was given up on', Promise.allSettled([start]));
}

function statusOf(entry: MadeEntry): unknown {
  const health = entry.health();
  return typeof health === 'object' && health !== null && 'status' in health ? health.status : 'ok';
}
