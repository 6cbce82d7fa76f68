import { type EventBus, eventType, type Subscription } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { Latch } from '../latch.js';
import { KitSkip } from '../trial.js';
import { type Delivery, type EventTrial, Inbox, numbers, turns } from './inbox.js';

type Run = (trial: EventTrial) => Promise<void>;
const concurrent = (name: string, run: Run): KitCase<EventBus> => ({ name, level: 'concurrent', run });
const fault = (name: string, run: Run): KitCase<EventBus> => ({ name, level: 'fault', run });

const happened = eventType<number>('kit-happened');

/** @throws KitSkip where the pauses between attempts are real ones */
function byHand({ subject }: EventTrial): void {
  if (!subject.advance) throw new KitSkip('the clock is not moved by hand, and so many pauses would take too long');
}

/** Handlers that fail, and subscriptions that end. */
export const failureCases: readonly KitCase<EventBus>[] = [
  fault('a handler that fails is called again with the same event', async (trial) => {
    const inbox = new Inbox<number>((_, { attempt }): Promise<void> | void => {
      if (attempt === 1) throw new Error('thrown at once');
      if (attempt === 2) return Promise.reject(new Error('rejected'));
      return undefined;
    });
    trial.instance.subscribe(happened, 'one', inbox.handler);
    await trial.instance.publish(happened, 7);
    await inbox.waitUntilHandled(trial, 1);
    const different = <V>(of: (delivery: Delivery<number>) => V): V[] => [...new Set(inbox.deliveries.map(of))];
    trial.equal(
      'attempts',
      different(({ meta }) => meta.attempt),
      [1, 2, 3],
    );
    trial.equal(
      'payloads',
      different(({ payload }) => payload),
      [7],
    );
    trial.equal('how many ids', different(({ meta }) => meta.id).length, 1);
    trial.equal('how many correlation ids', different(({ meta }) => meta.correlationId).length, 1);
  }),

  fault('whatever a handler throws is a failure', async (trial) => {
    const thrown: readonly unknown[] = ['a text', undefined, null, 0, Object.create(null), Symbol('s')];
    const inbox = new Inbox<number>((n, { attempt }): Promise<void> | void => {
      if (attempt > 1) return undefined;
      const reason = thrown[n % thrown.length];
      if (n < thrown.length) throw reason;
      return Promise.reject(reason);
    });
    trial.instance.subscribe(happened, 'one', inbox.handler);
    const all = numbers(2 * thrown.length);
    for (const n of all) await trial.instance.publish(happened, n);
    for (const n of all) await inbox.waitUntilHandled(trial, n + 1);
    trial.equal('payloads', inbox.payloads, all);
  }),

  fault('an event is tried again as often as its handler fails', async (trial) => {
    byHand(trial);
    const failures = 30;
    let calls = 0;
    const inbox = new Inbox<number>((n) => {
      if (n === 0 && ++calls <= failures) throw new Error('not yet');
    });
    trial.instance.subscribe(happened, 'one', inbox.handler);
    for (const n of numbers(2)) await trial.instance.publish(happened, n);
    for (const n of numbers(failures + 1)) await inbox.until(trial, `delivery ${n + 1}`, () => calls > n);
    await inbox.waitUntilHandled(trial, 2);
    trial.equal('payloads', inbox.payloads, [0, 1]);
  }),

  fault('between two attempts time passes', async (trial) => {
    byHand(trial);
    let broken = true;
    const inbox = new Inbox<number>(() => {
      if (broken) throw new Error('not yet');
    });
    trial.instance.subscribe(happened, 'one', inbox.handler);
    await trial.instance.publish(happened, 7);
    // Without letting time pass, as a wait of the trial would.
    for (let turn = 0; turn < 1_000 && inbox.deliveries.length === 0; turn++) await turns(1);
    await turns(20);
    trial.holds('deliveries while time stands still', inbox.deliveries.length <= 1, 'one', inbox.deliveries);
    broken = false;
    await inbox.waitUntilHandled(trial, 1);
  }),

  fault('no event overtakes one that fails', async (trial) => {
    const overtaken: number[] = [];
    const handled = new Set<number>();
    const inbox = new Inbox<number>((n, { attempt }) => {
      overtaken.push(...numbers(n).filter((earlier) => !handled.has(earlier)));
      if (n % 2 === 0 && attempt < 3) throw new Error('not yet');
      handled.add(n);
    });
    trial.instance.subscribe(happened, 'one', inbox.handler);
    await Promise.all(numbers(4).map((n) => trial.instance.publish(happened, n)));
    await inbox.waitUntilHandled(trial, 4);
    trial.equal('payloads', inbox.payloads, numbers(4));
    trial.equal('events that a later one overtook', overtaken, []);
  }),

  fault('a group that fails holds up no other', async (trial) => {
    let broken = true;
    const failing = new Inbox<number>(() => {
      if (broken) throw new Error('always');
    });
    const working = new Inbox<number>();
    const subscription = trial.instance.subscribe(happened, 'failing', failing.handler);
    trial.instance.subscribe(happened, 'working', working.handler);
    for (const n of numbers(10)) await trial.instance.publish(happened, n);
    await working.waitFor(trial, 10);
    trial.equal('payloads', working.payloads, numbers(10));
    await trial.within('close of a subscription that waits to try again', subscription.close());
    // Nothing is left for the end to wait for: that is a case of its own.
    broken = false;
    trial.instance.subscribe(happened, 'failing', failing.handler);
    await failing.waitUntilHandled(trial, 10);
  }),

  concurrent('close waits for the delivery under way, and ends deliveries', async (trial) => {
    const latch = new Latch();
    let finished = false;
    const inbox = new Inbox<number>(async () => {
      await latch.opened;
      finished = true;
    });
    const witness = new Inbox<number>();
    const subscription = trial.instance.subscribe(happened, 'one', inbox.handler);
    trial.instance.subscribe(happened, 'witness', witness.handler);
    await trial.instance.publish(happened, 1);
    await inbox.waitFor(trial, 1);
    let closed = false;
    const closing = subscription.close().then(() => {
      closed = true;
    });
    await turns(10);
    trial.equal('whether close resolved while the delivery went on', closed, false);
    latch.open();
    await trial.within('close', closing);
    trial.equal('whether the delivery had finished', finished, true);
    const delivered = inbox.deliveries.length;
    await trial.instance.publish(happened, 2);
    await witness.waitFor(trial, 2);
    await trial.within('a second close', subscription.close());
    trial.equal('deliveries after close', inbox.deliveries.length - delivered, 0);
  }),

  concurrent('a handler may close its own subscription', async (trial) => {
    const inbox = new Inbox<number>(async (): Promise<void> => {
      await turns(1);
      await subscription.close();
    });
    const subscription: Subscription = trial.instance.subscribe(happened, 'one', inbox.handler);
    await trial.instance.publish(happened, 1);
    await inbox.waitFor(trial, 1);
    await trial.within('close', subscription.close());
  }),

  fault('what a group was promised waits for it to come back', async (trial) => {
    const broken = new Inbox<number>(() => {
      throw new Error('not today');
    });
    const first = trial.instance.subscribe(happened, 'one', broken.handler);
    for (const n of numbers(20)) await trial.instance.publish(happened, n);
    await broken.waitFor(trial, 1);
    await trial.within('close', first.close());
    const inbox = new Inbox<number>();
    trial.instance.subscribe(happened, 'one', inbox.handler);
    await inbox.waitFor(trial, 20);
    trial.equal('payloads', inbox.payloads, numbers(20));
  }),

  concurrent('events of many publishers all arrive', async (trial) => {
    const inbox = new Inbox<number>((n, { attempt }) => {
      if (n % 50 === 0 && attempt === 1) throw new Error('once');
    });
    trial.instance.subscribe(happened, 'one', inbox.handler);
    const publisher = async (first: number): Promise<void> => {
      for (const n of numbers(50)) await trial.instance.publish(happened, first + n);
    };
    await Promise.all(numbers(4).map((at) => publisher(at * 50)));
    await inbox.waitUntilHandled(trial, 200);
    for (const at of numbers(4)) {
      const own = inbox.payloads.filter((n) => Math.floor(n / 50) === at);
      trial.equal(
        `the order of publisher ${at}`,
        own,
        numbers(50).map((n) => at * 50 + n),
      );
    }
  }),
];
