import type { LockProvider } from '../../ports/index.js';
import { isAbort } from '../disclosure.js';
import type { KitCase } from '../kit.js';
import { acquire, type LockTrial, lost, refused, turns, Waiting } from './means.js';

type Run = (trial: LockTrial) => Promise<void>;
const ofLevel =
  (level: KitCase<LockProvider>['level']) =>
  (name: string, run: Run): KitCase<LockProvider> => ({ name, level, run });
const [fault, durable] = [ofLevel('fault'), ofLevel('durable')];

/** Callers that go away, and the end of the provider. */
export const givingUpCases: readonly KitCase<LockProvider>[] = [
  fault('a call that is aborted before it begins rejects with the reason, and takes nothing', async (trial) => {
    const reason = new Error('the caller has changed its mind');
    const work = () => trial.instance.acquire('kit', { signal: AbortSignal.abort(reason) });
    const error = await trial.rejects('acquire', work);
    trial.holds('the rejection', isAbort(error, reason), "the signal's reason, or an AbortError", error);
    await (await acquire(trial, 'kit')).release();
  }),

  fault('an abort ends a call that waits, and the lease goes to the one after it', async (trial) => {
    const first = await acquire(trial, 'kit');
    const abort = new AbortController();
    const reason = new Error('the caller has changed its mind');
    const leaving = trial.instance.acquire('kit', { signal: abort.signal });
    leaving.catch(() => undefined);
    const staying = new Waiting(trial.instance.acquire('kit'));
    await turns();
    abort.abort(reason);
    const error = await trial.rejects('the aborted call', leaving);
    trial.holds('the rejection', isAbort(error, reason), "the signal's reason, or an AbortError", error);
    await first.release();
    await (await trial.within('the lease of the one after it', staying.ended)).release();
  }),

  fault('an abort at any moment leaves no lease behind', async (trial) => {
    for (let turn = 0; turn < 20; turn++) {
      const abort = new AbortController();
      const call = trial.instance.acquire('kit', { signal: abort.signal });
      const ended = call.then(
        (lease) => lease.release(),
        () => undefined,
      );
      await turns(turn);
      abort.abort(new Error('the caller has changed its mind'));
      await trial.within('the aborted call', ended);
    }
    await (await acquire(trial, 'kit')).release();
  }),

  fault('an abort means nothing to a lease that was had', async (trial) => {
    const abort = new AbortController();
    const lease = await trial.within('acquire', trial.instance.acquire('kit', { signal: abort.signal }));
    abort.abort();
    const other = new Waiting(trial.instance.acquire('kit'));
    await turns();
    trial.equal('whether the signal of the lease has aborted', lease.signal.aborted, false);
    trial.equal('whether another had the lease', other.had, false);
    await lease.release();
    await (await trial.within('the next lease', other.ended)).release();
  }),

  fault('stop ends calls that wait as closed, and tells holders that their leases are lost', async (trial) => {
    const { instance } = trial;
    const lease = await acquire(trial, 'kit');
    const waiting = instance.acquire('kit');
    waiting.catch(() => undefined);
    await turns();
    await trial.within('stop', trial.close());
    await refused(trial, 'the call that waited', () => waiting, 'closed');
    lost(trial, 'the lease that was held', lease);
    await trial.within('release after stop', lease.release());
    await refused(trial, 'acquire after stop', () => instance.acquire('kit'), 'closed');
    await trial.reopen();
    await (await acquire(trial, 'kit')).release();
  }),

  durable('fences go on growing after a restart', async (trial) => {
    let before = 0;
    for (let life = 0; life < 3; life++) {
      for (let n = 0; n < 5; n++) {
        const lease = await acquire(trial, 'kit');
        trial.holds(`a fence of life ${life}`, lease.fence > before, `more than ${before}`, lease.fence);
        before = lease.fence;
        await lease.release();
      }
      await trial.within('stop', trial.close());
      // As long as a restart takes at least.
      await trial.subject.advance?.(1_000);
      await trial.reopen();
    }
  }),
];
