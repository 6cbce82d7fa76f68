import { type EventBus, eventType, type Subscription } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { Latch } from '../latch.js';
import { type EventTrial, Inbox, numbers } from './inbox.js';

type Run = (trial: EventTrial) => Promise<void>;
const concurrent = (name: string, run: Run): KitCase<EventBus> => ({ name, level: 'concurrent', run });
const fault = (name: string, run: Run): KitCase<EventBus> => ({ name, level: 'fault', run });

const happened = eventType<number>('kit-happened');

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
    await inbox.waitFor(trial, 3);
    trial.equal(
      'attempts',
      inbox.deliveries.map(({ meta }) => meta.attempt),
      [1, 2, 3],
    );
    trial.equal('payloads', inbox.payloads, [7, 7, 7]);
    trial.equal('how many ids', new Set(inbox.deliveries.map(({ meta }) => meta.id)).size, 1);
    trial.equal('how many correlation ids', new Set(inbox.deliveries.map(({ meta }) => meta.correlationId)).size, 1);
  }),

  fault('no event overtakes one that fails', async (trial) => {
    const inbox = new Inbox<number>((n, { attempt }) => {
      if (n % 2 === 0 && attempt < 3) throw new Error('not yet');
    });
    trial.instance.subscribe(happened, 'one', inbox.handler);
    await Promise.all(numbers(4).map((n) => trial.instance.publish(happened, n)));
    await inbox.waitFor(trial, 8);
    trial.equal('payloads', inbox.payloads, [0, 0, 0, 1, 2, 2, 2, 3]);
  }),

  fault('a group that fails holds up no other', async (trial) => {
    const inbox = new Inbox<number>();
    const failing = trial.instance.subscribe(happened, 'failing', () => {
      throw new Error('always');
    });
    trial.instance.subscribe(happened, 'working', inbox.handler);
    for (const n of numbers(10)) await trial.instance.publish(happened, n);
    await inbox.waitFor(trial, 10);
    trial.equal('payloads', inbox.payloads, numbers(10));
    await trial.within('close of a subscription that waits to try again', failing.close());
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
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    trial.equal('whether close resolved while the delivery went on', closed, false);
    latch.open();
    await trial.within('close', closing);
    trial.equal('whether the delivery had finished', finished, true);
    await trial.instance.publish(happened, 2);
    await witness.waitFor(trial, 2);
    await trial.within('a second close', subscription.close());
    trial.equal('payloads', inbox.payloads, [1]);
  }),

  concurrent('a handler may close its own subscription', async (trial) => {
    const inbox = new Inbox<number>(async (): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
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
    for (const n of numbers(3)) await trial.instance.publish(happened, n);
    await broken.waitFor(trial, 1);
    await trial.within('close', first.close());
    const inbox = new Inbox<number>();
    trial.instance.subscribe(happened, 'one', inbox.handler);
    await inbox.waitFor(trial, 3);
    trial.equal('payloads', inbox.payloads, numbers(3));
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
    await inbox.waitFor(trial, 204);
    for (const at of numbers(4)) {
      const own = inbox.payloads.filter((n) => Math.floor(n / 50) === at);
      trial.equal(
        `the order of publisher ${at}`,
        [...new Set(own)],
        numbers(50).map((n) => at * 50 + n),
      );
    }
  }),
];
