import { bearer } from '../../../client/index.js';
import { problems } from '../../../operation/index.js';
import type { KitCase } from '../../kit.js';
import type { BindingUnderTest } from '../subject.js';
import {
  answered,
  type BindingTrial,
  basic,
  concurrent,
  describeEnding,
  type Ending,
  ending,
  fault,
  idempotent,
  isFault,
  refused,
} from './means.js';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

function tooLate(end: Ending): boolean {
  if ('error' in end) return isFault(end.error, 'timeout');
  return end.answer.kind === 'problem' && end.answer.problem.kind.type === problems.timeout.type;
}

async function effectsOf(trial: BindingTrial, n: number, key?: string): Promise<unknown> {
  const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
  return (await answered(trial, 'value', 'once', { n }, { headers, credentials: bearer('admin') })).value;
}

/** Limits, times, keys, and many calls at once. */
export const callCases: readonly KitCase<BindingUnderTest>[] = [
  basic('an input larger than its operation takes is refused, and a smaller one is not', async (trial) => {
    const { value } = await answered(trial, 'value', 'short', { text: 'x'.repeat(900) });
    trial.equal('the length that the operation saw', value, { length: 900 });
    await refused(trial, problems.tooLarge, 'short', { text: 'x'.repeat(4_096) });
    await refused(trial, problems.tooLarge, 'short', { text: 'ü'.repeat(600) });
    await answered(trial, 'value', 'echo', { value: 'afterwards' });
  }),

  basic('an operation that takes 4 MiB is given 3', async (trial) => {
    const { value } = await answered(trial, 'value', 'long', { text: 'x'.repeat(3 * 1024 * 1024) });
    trial.equal('the length that the operation saw', value, { length: 3 * 1024 * 1024 });
  }),

  idempotent('an idempotency key has its effect once, and is answered the same', async (trial) => {
    const first = await effectsOf(trial, 1, 'key-1');
    trial.equal('the answer to a call made again under its key', await effectsOf(trial, 1, 'key-1'), first);
    trial.equal('the effects of a call made twice under one key', trial.instance.vendor.effects, 1);
    await effectsOf(trial, 1, 'key-2');
    await effectsOf(trial, 1);
    await effectsOf(trial, 1);
    trial.equal('the effects of three calls more, each of its own', trial.instance.vendor.effects, 4);
  }),

  concurrent('calls made at once under one key have their effect once', async (trial) => {
    const found = await Promise.all(numbers(10).map(() => effectsOf(trial, 1, 'key-1')));
    trial.equal('the effects', trial.instance.vendor.effects, 1);
    trial.equal('how many different answers there are', new Set(found.map((each) => JSON.stringify(each))).size, 1);
  }),

  concurrent('200 calls at once get their own answers', async (trial) => {
    const calls = numbers(200).map((n) => answered(trial, 'value', 'turn', { n }));
    for (const [n, { value }] of (await Promise.all(calls)).entries()) {
      trial.equal(`the answer to call ${n} of 200`, value, { n, text: `answer ${n}` });
    }
  }),

  concurrent('callers on lines of their own get their own answers', async (trial) => {
    const calls: Promise<{ readonly value: unknown }>[] = [];
    for (const n of numbers(10)) {
      await trial.instance.connect();
      calls.push(answered(trial, 'value', 'turn', { n }));
    }
    const found = (await Promise.all(calls)).map(({ value }) => value);
    trial.equal(
      'the answers',
      found,
      numbers(10).map((n) => ({ n, text: `answer ${n}` })),
    );
  }),

  fault('an operation that takes too long answers timeout, and its signal aborts', async (trial) => {
    const end = await ending(
      trial,
      'the answer of an operation that has 100 ms',
      trial.instance.call('hurry', { key: 'a' }),
    );
    trial.holds('the answer', tooLate(end), `the problem ${problems.timeout.type}`, describeEnding(end));
    const { aborted } = trial.instance.vendor.meetings.at('a');
    await trial.within('the abort of the signal of an operation whose time is over', aborted.opened);
  }),

  fault('a caller that does not wait longer gets timeout, and the signal of its call aborts', async (trial) => {
    const call = trial.instance.call('wait', { key: 'b' }, { timeout: 300 });
    const end = await ending(trial, 'the end of a call that waits 300 ms', call);
    trial.holds('the end', tooLate(end), 'a TransportFault or problem of a timeout', describeEnding(end));
    const { aborted } = trial.instance.vendor.meetings.at('b');
    await trial.within('the abort of a call’s signal when its caller’s time is over', aborted.opened);
    await answered(trial, 'value', 'echo', { value: 'afterwards' });
  }),

  fault('a caller that gives up aborts the signal of its call', async (trial) => {
    const controller = new AbortController();
    const { begun, aborted } = trial.instance.vendor.meetings.at('c');
    const call = trial.instance.call('wait', { key: 'c' }, { signal: controller.signal });
    const ended = ending(trial, 'the end of a call that was given up', call);
    await trial.within('the beginning of the call', begun.opened);
    const reason = new Error('given up by the kit');
    controller.abort(reason);
    const end = await ended;
    trial.holds(
      'the end',
      'error' in end && end.error === reason,
      'the reason of the caller’s signal',
      describeEnding(end),
    );
    await trial.within('the abort of a call’s signal when its caller gives up', aborted.opened);
    await answered(trial, 'value', 'echo', { value: 'afterwards' });
  }),

  fault('a call that was given up before it began is not made', async (trial) => {
    const reason = new Error('given up by the kit');
    const call = trial.instance.call('once', { n: 1 }, { signal: AbortSignal.abort(reason) });
    const end = await ending(trial, 'the end of the call', call);
    trial.holds(
      'the end',
      'error' in end && end.error === reason,
      'the reason of the caller’s signal',
      describeEnding(end),
    );
    await answered(trial, 'value', 'echo', { value: 'afterwards' });
    trial.equal('the effects', trial.instance.vendor.effects, 0);
  }),
];
