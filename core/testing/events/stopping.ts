import type { Lifecycle } from '../../plugin/lifecycle.js';
import { type EventBus, eventType } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { Latch } from '../latch.js';
import { KitFailure, KitSkip } from '../trial.js';
import { type EventTrial, Inbox, numbers, turns } from './inbox.js';

type Run = (trial: EventTrial) => Promise<void>;
const ofLevel =
  (level: KitCase<EventBus>['level']) =>
  (name: string, run: Run): KitCase<EventBus> => ({ name, level, run });
const [basic, concurrent, fault] = [ofLevel('basic'), ofLevel('concurrent'), ofLevel('fault')];

const happened = eventType<number>('kit-happened');

/** The bus under test with what a host calls beside its port. */
const hooksOf = ({ instance }: EventTrial): Lifecycle => instance as EventBus & Lifecycle;

/** The end of a bus. */
export const stoppingCases: readonly KitCase<EventBus>[] = [
  basic('after stop, subscribe throws and publish rejects', async (trial) => {
    const { instance } = trial;
    const inbox = new Inbox<number>();
    instance.subscribe(happened, 'one', inbox.handler);
    await trial.within('stop', trial.close());
    await trial.rejects('publish after stop', () => instance.publish(happened, 1));
    let refused = false;
    try {
      instance.subscribe(happened, 'two', inbox.handler);
    } catch {
      refused = true;
    }
    trial.equal('whether subscribe after stop throws', refused, true);
    await trial.reopen();
  }),

  concurrent('stop waits for the delivery under way, and no handler is called after it', async (trial) => {
    if (!trial.subject.close) throw new KitSkip('the subject cannot be closed and reopened');
    const latch = new Latch();
    try {
      const inbox = new Inbox<number>(() => latch.opened);
      trial.instance.subscribe(happened, 'one', inbox.handler);
      for (const n of numbers(3)) await trial.instance.publish(happened, n);
      await inbox.waitFor(trial, 1);
      let stopped = false;
      const stopping = trial.close().then(() => {
        stopped = true;
      });
      await turns(10);
      trial.equal('whether stop resolved while the delivery went on', stopped, false);
      latch.open();
      await trial.within('stop', stopping);
      const delivered = inbox.deliveries.length;
      await trial.subject.advance?.(60_000);
      await turns(10);
      trial.equal('deliveries after stop', inbox.deliveries.length - delivered, 0);
    } finally {
      latch.open();
    }
    await trial.reopen();
  }),

  fault('stop does not wait for a handler that keeps failing', async (trial) => {
    const failing = new Inbox<number>(() => {
      throw new Error('always');
    });
    trial.instance.subscribe(happened, 'one', failing.handler);
    for (const n of numbers(3)) await trial.instance.publish(happened, n);
    await failing.waitFor(trial, 1);
    await trial.within('stop while a handler keeps failing', trial.close());
    const delivered = failing.deliveries.length;
    await trial.subject.advance?.(60_000);
    await turns(10);
    trial.equal('deliveries after stop', failing.deliveries.length - delivered, 0);
    await trial.reopen();
  }),

  fault('drain waits for deliveries, but not for a handler that keeps failing', async (trial) => {
    let broken = true;
    const slow = new Inbox<number>(() => turns(1));
    const failing = new Inbox<number>(() => {
      if (broken) throw new Error('always');
    });
    trial.instance.subscribe(happened, 'slow', slow.handler);
    trial.instance.subscribe(happened, 'failing', failing.handler);
    for (const n of numbers(5)) await trial.instance.publish(happened, n);
    const hooks = hooksOf(trial);
    if (!hooks.drain) throw new KitFailure('the hooks of the bus', 'a drain that waits for deliveries', 'none');
    await trial.within('drain', Promise.resolve(hooks.drain(new AbortController().signal)));
    trial.equal('what was delivered when drain resolved', slow.payloads, numbers(5));
    broken = false;
    await failing.waitUntilHandled(trial, 5);
  }),
];
