import type { KitCase } from '../../kit.js';
import { LeftoverWatch } from '../leftovers.js';
import type { BindingUnderTest } from '../subject.js';
import {
  answered,
  type BindingTrial,
  basic,
  describe,
  describeEnding,
  ending,
  fault,
  gotNowhere,
  idempotent,
} from './means.js';

const never = (): AbortSignal => new AbortController().signal;

/** Begins a call that is under way until the case lets it go. */
async function underWay(trial: BindingTrial, key: string) {
  const meeting = trial.instance.vendor.meetings.at(key);
  const call = trial.instance.call('wait', { key });
  const ended = ending(trial, 'the end of a call under way', call);
  await trial.within('the beginning of a call', meeting.begun.opened);
  return { meeting, ended };
}

/** A drain that a case waits for later; if it fails before, that is told then. */
function beginDrain(trial: BindingTrial, signal: AbortSignal): Promise<void> {
  const drained = trial.instance.drain(signal);
  drained.catch(() => undefined);
  return drained;
}

async function nobodyAnswers(trial: BindingTrial, what: string): Promise<void> {
  const call = trial.instance.call('echo', { value: 1 }, { timeout: 1_000 });
  const end = await ending(trial, `the end of ${what}`, call);
  trial.holds(what, gotNowhere(end), 'a TransportFault or the problem unavailable', describeEnding(end));
}

/** How a binding begins and ends, and what callers notice of it. */
export const lifecycleCases: readonly KitCase<BindingUnderTest>[] = [
  basic('a binding tells its addresses when it has started, and not before', async (trial) => {
    const another = await trial.instance.make();
    trial.equal('the addresses before start', another.addresses(), []);
    const address = trial.instance.address;
    trial.holds('the address after start', /^[a-z][\w.+-]*:/.test(address), 'a URL', address);
  }),

  idempotent('stop is safe without start, and twice', async (trial) => {
    const another = await trial.instance.make();
    await trial.within('stop without start', another.stop());
    await trial.within('stop again', another.stop());
    await answered(trial, 'value', 'echo', { value: 'the other one still serves' });
  }),

  fault('a binding that is given up on while it starts leaves nothing behind', async (trial) => {
    await trial.instance.stop();
    await trial.instance.hangUp();
    const watch = new LeftoverWatch();
    const another = await trial.instance.make();
    const given = AbortSignal.abort(new Error('given up by the kit'));
    await trial.within(
      'the end of a start that was given up on',
      another.start(given).catch(() => undefined),
    );
    await trial.within('stop', another.stop());
    trial.equal('what is left of it', await watch.left(), []);
  }),

  fault('a drain lets calls under way finish', async (trial) => {
    const { meeting, ended } = await underWay(trial, 'a');
    const drained = beginDrain(trial, never());
    trial.holds(
      'the signal of a call under way when a drain begins',
      !(await settled(meeting.aborted.opened)),
      'not aborted',
      'aborted',
    );
    meeting.released.open();
    const end = await ended;
    const answer = 'answer' in end ? end.answer : undefined;
    trial.holds(
      'the end of a call that was under way when a drain began',
      answer?.kind === 'value',
      'its value',
      describeEnding(end),
    );
    await trial.within('the end of the drain', drained);
  }),

  fault('a drain ends streams at once', async (trial) => {
    const { items } = await answered(trial, 'stream', 'feed', { key: 'b', items: 1, size: 1, end: 'wait' });
    const reading = items[Symbol.asyncIterator]();
    await trial.within('the first item', reading.next());
    const rest = reading.next().then(
      ({ done }) => (done ? 'ended' : 'another item'),
      () => 'ended',
    );
    const drained = beginDrain(trial, never());
    const { aborted } = trial.instance.vendor.meetings.at('b');
    await trial.within('the abort of a stream’s signal when a drain begins', aborted.opened);
    trial.equal(
      'the rest of a stream when a drain begins',
      await trial.within('the end of a stream in a drain', rest),
      'ended',
    );
    await trial.within('the end of the drain', drained);
  }),

  fault('a drain takes no more calls', async (trial) => {
    const { meeting, ended } = await underWay(trial, 'c');
    const drained = beginDrain(trial, never());
    await trial.instance.connect();
    await nobodyAnswers(trial, 'a new call while the binding drains');
    meeting.released.open();
    await ended;
    await trial.within('the end of the drain', drained);
  }),

  fault('at the deadline of a drain the calls still under way are told', async (trial) => {
    const { meeting, ended } = await underWay(trial, 'd');
    const deadline = new AbortController();
    const drained = beginDrain(trial, deadline.signal);
    deadline.abort(new Error('the time is over'));
    await trial.within('the abort of a call’s signal at the deadline of a drain', meeting.aborted.opened);
    await trial.within(
      'the end of the drain',
      drained.catch(() => undefined),
    );
    await trial.within('stop', trial.instance.stop());
    await ended;
  }),

  fault('stop ends what is under way, and nobody answers any more', async (trial) => {
    const { meeting, ended } = await underWay(trial, 'e');
    await trial.within('stop', trial.instance.stop());
    await trial.within('the abort of a call’s signal when its binding stops', meeting.aborted.opened);
    const end = await ended;
    const answer = 'answer' in end ? end.answer : undefined;
    trial.holds(
      'the end of a call whose binding stopped',
      answer?.kind !== 'value',
      'a fault or a problem',
      answer && describe(answer),
    );
    await nobodyAnswers(trial, 'a call after stop');
    await trial.instance.connect();
    await nobodyAnswers(trial, 'a call after stop on a new line');
  }),

  fault('stop leaves no listener, no connection and no timer', async (trial) => {
    trial.instance.needs('nothing-left');
    await trial.instance.stop();
    await trial.instance.hangUp();
    const watch = new LeftoverWatch();
    await trial.instance.serve();
    await answered(trial, 'value', 'echo', { value: 1 });
    const { items } = await answered(trial, 'stream', 'count', { from: 1, to: 3 });
    for await (const _ of items);
    await trial.within('the end of the drain', trial.instance.drain(never()));
    await trial.within('stop', trial.instance.stop());
    await trial.instance.hangUp();
    trial.equal('what keeps the process alive after stop', await watch.left(), []);
  }),

  fault('a line works again when another binding serves at the same address', async (trial) => {
    await answered(trial, 'value', 'echo', { value: 'before' });
    const { items } = await answered(trial, 'stream', 'feed', { key: 'f', items: 1, size: 1, end: 'wait' });
    const reading = items[Symbol.asyncIterator]();
    await trial.within('the first item', reading.next());
    const rest = reading.next().then(
      () => 'ended',
      () => 'ended',
    );
    await trial.within('stop', trial.instance.stop());
    await trial.within('the end of a stream whose binding stopped', rest);
    await trial.instance.restart();
    const { value } = await answered(trial, 'value', 'echo', { value: 'after' });
    trial.equal('a value after the restart', value, { value: 'after' });
    const again = await answered(trial, 'stream', 'count', { from: 1, to: 0 });
    for await (const _ of again.items);
  }),

  fault('a line that was closed is closed for good', async (trial) => {
    await answered(trial, 'value', 'echo', { value: 1 });
    await trial.within('close', trial.instance.hangUp());
    await trial.within('close again', trial.instance.hangUp());
    await nobodyAnswers(trial, 'a call on a closed line');
  }),
];

/** Whether a promise settles within some turns of the event loop. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let is = false;
  void promise.then(() => {
    is = true;
  });
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  return is;
}
