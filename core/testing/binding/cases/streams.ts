import type { StreamItem } from '../../../operation/index.js';
import { problems } from '../../../operation/index.js';
import type { KitCase } from '../../kit.js';
import { KitFailure } from '../../trial.js';
import type { BindingUnderTest } from '../subject.js';
import {
  answered,
  type BindingTrial,
  basic,
  collected,
  concurrent,
  fault,
  holdsNothingHidden,
  isFault,
} from './means.js';

/** What {@link streams.count} makes of a number. */
const expected = (n: number): StreamItem<unknown> => ({
  id: String(n),
  ...(n % 2 === 1 && { event: 'odd' }),
  data: { n, ...(n % 3 === 0 && { text: `line\r\nof ${n}\u2028ü` }) },
});
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);

async function counted(trial: BindingTrial, from: number, to: number, after?: string): Promise<StreamItem<unknown>[]> {
  const headers: Record<string, string> = after === undefined ? {} : { 'last-event-id': after };
  const { items } = await answered(trial, 'stream', 'count', { from, to }, { headers });
  return collected(trial, 'the end of a stream', items);
}

/** One list against another, as the first difference. */
function sameItems(trial: BindingTrial, what: string, found: readonly unknown[], wanted: readonly unknown[]): void {
  if (found.length !== wanted.length) {
    throw new KitFailure(what, `${wanted.length} items before its end`, `${found.length}`);
  }
  for (const [index, item] of wanted.entries()) trial.equal(`${what}: item ${index}`, found[index], item);
}

/** Bytes of an item of the case for back-pressure. */
const itemSize = 64 * 1024;
/** Items that may be on their way to somebody who does not read: 16 MiB, more than sockets hold by themselves. */
const mostUnread = 256;

function read(items: AsyncIterable<StreamItem<unknown>>): AsyncIterator<StreamItem<unknown>> {
  return items[Symbol.asyncIterator]();
}

/** Reads until a stream that breaks has broken. */
async function broken(trial: BindingTrial, key: string, end: 'error' | 'problem'): Promise<unknown> {
  const { items } = await answered(trial, 'stream', 'feed', { key, items: 3, size: 10, end });
  const seen: unknown[] = [];
  const what = 'the end of a stream whose producer fails after 3 items';
  const reading = async (): Promise<unknown> => {
    try {
      for await (const { data } of items) seen.push((data as { readonly n: number }).n);
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const error = await trial.within(what, reading());
  if (error === undefined)
    throw new KitFailure(what, 'a fault or a problem', `a silent end after ${seen.length} items`);
  trial.equal('the items before the fault', seen, [0, 1, 2].slice(0, seen.length));
  return error;
}

export const streamCases: readonly KitCase<BindingUnderTest>[] = [
  basic('a stream has all items in order, each with its id, event and data', async (trial) => {
    sameItems(trial, 'a stream of 7 items', await counted(trial, 1, 7), numbers(1, 7).map(expected));
  }),

  basic('a stream may have no items', async (trial) => {
    sameItems(trial, 'a stream without items', await counted(trial, 1, 0), []);
  }),

  basic('a stream goes on after the item that the caller saw last', async (trial) => {
    sameItems(trial, 'a stream resumed after item 4', await counted(trial, 1, 9, '4'), numbers(5, 9).map(expected));
    sameItems(trial, 'a stream resumed after the last item', await counted(trial, 1, 9, '9'), []);
  }),

  basic('a stream of 1,000 items is complete', async (trial) => {
    sameItems(trial, 'a stream of 1,000 items', await counted(trial, 1, 1_000), numbers(1, 1_000).map(expected));
  }),

  basic('an item arrives when it is made, not with those after it', async (trial) => {
    const { items } = await answered(trial, 'stream', 'feed', { key: 'early', items: 1, size: 1, end: 'wait' });
    const reading = read(items);
    const first = await trial.within('the first item of a stream that goes on', reading.next());
    trial.equal('the first item', first, { done: false, value: { data: { n: 0, text: 'x' } } });
    trial.instance.vendor.meetings.at('early').released.open();
    const last = await trial.within('the end of a stream that its producer ends', reading.next());
    trial.equal('the end', last.done, true);
  }),

  basic('a stream that is refused answers a problem', async (trial) => {
    const answer = await trial.instance.call('feed', { key: 'k', items: -1, size: 1, end: 'end' });
    if (answer.kind !== 'problem') throw new KitFailure('a stream with a faulty input', 'a problem', answer.kind);
    trial.equal('the problem', answer.problem.kind.type, problems.semanticError.type);
  }),

  concurrent(
    'a stream that is not read does not run ahead by more than 16 MiB, and holds up no other call',
    async (trial) => {
      const { items } = await answered(trial, 'stream', 'feed', {
        key: 'slow',
        items: 512,
        size: itemSize,
        end: 'end',
      });
      const reading = read(items);
      await trial.within('the first item', reading.next());
      const meeting = trial.instance.vendor.meetings.at('slow');
      // Other calls are the clock here: while they are answered, the producer has its chances to run ahead.
      let still = 0;
      for (let before = meeting.pulled; still < 50; before = meeting.pulled) {
        await answered(trial, 'value', 'echo', { value: 'meanwhile' });
        await new Promise((resolve) => setImmediate(resolve));
        still = meeting.pulled === before ? still + 1 : 0;
        trial.holds(
          'items of 64 KiB made for a caller that reads none (the producer is not held back)',
          meeting.pulled <= mostUnread,
          `at most ${mostUnread}`,
          meeting.pulled,
        );
      }
      const seen = [0];
      const rest = async (): Promise<void> => {
        for (let next = await reading.next(); next.done !== true; next = await reading.next()) {
          seen.push((next.value.data as { readonly n: number }).n);
        }
      };
      await trial.within('the rest of a stream that is read again', rest());
      sameItems(trial, 'a stream that was not read for a while', seen, numbers(0, 511));
    },
  ),

  concurrent('many streams at once keep to themselves', async (trial) => {
    const streams = numbers(0, 49).map((n) => counted(trial, n * 1_000, n * 1_000 + 19));
    for (const [n, found] of (await Promise.all(streams)).entries()) {
      sameItems(trial, `stream ${n} of 50`, found, numbers(n * 1_000, n * 1_000 + 19).map(expected));
    }
  }),

  fault('who stops reading a stream ends its producer', async (trial) => {
    const { items } = await answered(trial, 'stream', 'feed', { key: 'left', items: 100_000, size: 1_000, end: 'end' });
    for await (const { data } of items) if ((data as { readonly n: number }).n === 2) break;
    const meeting = trial.instance.vendor.meetings.at('left');
    await trial.within('the end of a producer whose caller stopped reading', meeting.ended.opened);
    await answered(trial, 'value', 'echo', { value: 'afterwards' });
  }),

  fault('who gives up a stream aborts the signal of its producer', async (trial) => {
    const controller = new AbortController();
    const { items } = await answered(
      trial,
      'stream',
      'feed',
      { key: 'given-up', items: 1, size: 1, end: 'wait' },
      { signal: controller.signal },
    );
    const reading = read(items);
    await trial.within('the first item', reading.next());
    const next = reading.next().then(
      () => 'ended',
      () => 'ended',
    );
    controller.abort();
    const meeting = trial.instance.vendor.meetings.at('given-up');
    await trial.within('the abort of a producer’s signal when its caller gives up', meeting.aborted.opened);
    await trial.within('the end of a stream that was given up', next);
    await trial.within('the end of the producer', meeting.ended.opened);
  }),

  fault('a line that closes ends its streams', async (trial) => {
    const { items } = await answered(trial, 'stream', 'feed', { key: 'closed', items: 1, size: 1, end: 'wait' });
    const reading = read(items);
    await trial.within('the first item', reading.next());
    const next = reading.next().then(
      () => 'ended',
      () => 'ended',
    );
    await trial.within('close of the line', trial.instance.hangUp());
    const meeting = trial.instance.vendor.meetings.at('closed');
    await trial.within('the abort of a producer’s signal when its caller’s line closes', meeting.aborted.opened);
    await trial.within('the end of a stream whose line is closed', next);
  }),

  fault('a producer that throws breaks its stream, and says nothing of the exception', async (trial) => {
    const error = await broken(trial, 'throws', 'error');
    trial.holds('what the caller gets', error instanceof Error, 'an error', error);
    const known = isFault(error, 'unreachable', 'invalid') || (error as Error).name === 'Problem';
    trial.holds('what the caller gets', known, 'a TransportFault or a Problem', error);
    holdsNothingHidden(trial, 'what the caller of a stream that broke is told', error as Error);
  }),

  fault('a producer that answers a problem in the middle breaks its stream', async (trial) => {
    const error = await broken(trial, 'refuses', 'problem');
    const known = isFault(error, 'unreachable', 'invalid') || (error as Error).name === 'Problem';
    trial.holds('what the caller gets', known, 'a TransportFault or a Problem', error);
  }),
];
