import { blobs, collection, type StateEvent, type StateProvider } from '../../ports/index.js';
import type { Trial } from '../trial.js';

/** What the kit stores: a document with a single and a multiple index. */
export interface Doc {
  readonly n: number;
  readonly group?: string;
  readonly tags?: readonly string[];
  readonly text?: string;
}

export const docs = collection<Doc>('kit-docs', {
  byGroup: ({ group }) => (group === undefined ? [] : [group]),
  byTag: ({ tags }) => tags ?? [],
});
export const others = collection<Doc>('kit-others');
export const files = blobs('kit-files');

export type StateTrial = Trial<StateProvider>;

/** A reader of a watch, that can be asked for the next events with a limit to its patience. */
export interface WatchReader<T> {
  next(trial: StateTrial, count: number): Promise<StateEvent<T>[]>;
  /** Whether the watch has ended. */
  ended(trial: StateTrial): Promise<boolean>;
  stop(): Promise<void>;
}

export function reader<T>(watch: AsyncIterable<StateEvent<T>>): WatchReader<T> {
  const iterator = watch[Symbol.asyncIterator]();
  return {
    async next(trial, count) {
      const events: StateEvent<T>[] = [];
      while (events.length < count) {
        const result = await trial.within(`event ${events.length + 1} of ${count} of a watch`, iterator.next());
        if (result.done) break;
        events.push(result.value);
      }
      return events;
    },
    ended: async (trial) => (await trial.within('the end of a watch', iterator.next())).done === true,
    stop: async () => void (await iterator.return?.()),
  };
}

/** Expects what no store could do to be refused with an error of this kind. */
export async function refused(
  trial: StateTrial,
  what: string,
  work: Promise<unknown>,
  kind: typeof TypeError | typeof RangeError,
): Promise<void> {
  const error = await trial.rejects(what, work);
  trial.holds(`the rejection of ${what}`, error instanceof kind, `a ${kind.name}`, error);
}

/** Runs `work` with a signal that is aborted when it is over, so that no watch outlives its case. */
export async function watching(work: (signal: AbortSignal, abort: () => void) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  try {
    await work(controller.signal, () => controller.abort());
  } finally {
    controller.abort();
  }
}
