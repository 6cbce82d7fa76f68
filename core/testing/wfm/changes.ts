import { isAbort } from '../disclosure.js';
import type { KitCase } from '../kit.js';
import { KitSkip } from '../trial.js';
import { type Enrolled, enrolled, never, refused, type WfmTrial } from './means.js';
import type { WfmUnderTest } from './side.js';

type Run = (trial: WfmTrial) => Promise<void>;
const basic = (name: string, run: Run): KitCase<WfmUnderTest> => ({ name, level: 'basic', run });
const fault = (name: string, run: Run): KitCase<WfmUnderTest> => ({ name, level: 'fault', run });

/** A reader of changes. */
interface Listening {
  next(what: string): Promise<IteratorResult<string>>;
  /** What a next one would reject with. */
  end(what: string): Promise<unknown>;
  readonly abort: AbortController;
}

function listen(trial: WfmTrial, clientId: string, since: string | undefined): Listening {
  const { changes } = trial.instance;
  if (!changes || !trial.instance.side.hangUp) throw new KitSkip('nobody tells of changes on this line');
  const abort = new AbortController();
  const items = changes(clientId, since, abort.signal)[Symbol.asyncIterator]();
  return {
    next: (what) => trial.within(what, items.next()),
    end: (what) =>
      trial.within(
        what,
        items.next().catch((error: unknown) => error),
      ),
    abort,
  };
}

/** Listens for as long as `work` takes. */
async function listening(
  trial: WfmTrial,
  since: (device: Enrolled) => string | undefined,
  work: (changes: Listening, device: Enrolled) => Promise<void>,
): Promise<void> {
  const device = await enrolled(trial);
  const changes = listen(trial, device.id, since(device));
  try {
    await work(changes, device);
  } finally {
    changes.abort.abort(new Error('the case is over'));
  }
}

/** What a fleet manager tells of changes, where it does. */
export const changeCases: readonly KitCase<WfmUnderTest>[] = [
  basic('who has no manifest is told of the present one, then of each new one', async (trial) => {
    const fresh = (): undefined => undefined;
    await listening(trial, fresh, async (changes, { id, content }) => {
      trial.equal('the first', await changes.next('the present ETag'), { done: false, value: content.etag });
      for (let time = 0; time < 3; time += 1) {
        const { etag } = await trial.within('a change', trial.instance.side.change(id));
        trial.equal('the next', await changes.next('the new ETag'), { done: false, value: etag });
      }
    });
  }),

  basic('who has the present manifest is told of the next one', async (trial) => {
    const present = ({ content }: Enrolled): string => content.etag;
    await listening(trial, present, async (changes, { id }) => {
      const asked = trial.instance.side.asked();
      const told = changes.next('the new ETag');
      const change = async (): Promise<string> => {
        await trial.within('the call for changes reaches the other side', asked);
        // What would be told at once is told by the time that these are answered.
        for (let time = 0; time < 3; time += 1) await trial.instance.manifest(id, undefined, never());
        return (await trial.instance.side.change(id)).etag;
      };
      const [next, etag] = await Promise.all([told, trial.within('a change', change())]);
      trial.equal('the first', next, { done: false, value: etag });
    });
  }),

  fault('changes end when the other side ends them', async (trial) => {
    const fresh = (): undefined => undefined;
    await listening(trial, fresh, async (changes) => {
      await changes.next('the present ETag');
      const next = changes.next('the end of the changes');
      const [ended] = await Promise.all([next, trial.instance.side.hangUp?.()]);
      trial.equal('what follows', ended.done, true);
    });
  }),

  fault('an abort ends the changes', async (trial) => {
    const fresh = (): undefined => undefined;
    await listening(trial, fresh, async (changes) => {
      await changes.next('the present ETag');
      const reason = new Error('the caller has changed its mind');
      const ended = changes.end('the end of the changes');
      changes.abort.abort(reason);
      const end = await ended;
      const right = isAbort(end, reason) || (typeof end === 'object' && end !== null && 'done' in end && end.done);
      trial.holds('the end', right === true, "the end, the signal's reason, or an AbortError", end);
    });
  }),

  fault('who cannot listen is told why', async (trial) => {
    const device = await enrolled(trial);
    for (const [how, ...reasons] of [
      ['away', 'unreachable'],
      ['refused', 'refused'],
      ['not-found', 'not-found', 'unsupported'],
      ['busy', 'busy'],
    ] as const) {
      await trial.instance.side.disturb(how);
      const changes = listen(trial, device.id, undefined);
      await refused(trial, `changes, ${how},`, changes.next('the first change'), ...reasons);
    }
  }),
];
