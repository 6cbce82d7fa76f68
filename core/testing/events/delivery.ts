import { correlated, correlationId } from '../../correlation/index.js';
import { type EventBus, eventType } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { type EventTrial, Inbox, numbers } from './inbox.js';

type Run = (trial: EventTrial) => Promise<void>;
const basic = (name: string, run: Run): KitCase<EventBus> => ({ name, level: 'basic', run });

const happened = eventType<number>('kit-happened');
const another = eventType<number>('kit-another');
const detailed = eventType<{ list: number[]; text: string }>('kit-detailed');

/** Who gets what. */
export const deliveryCases: readonly KitCase<EventBus>[] = [
  basic('an event reaches every group that is subscribed, and no other type', async (trial) => {
    const [one, two, other] = [new Inbox<number>(), new Inbox<number>(), new Inbox<number>()];
    trial.instance.subscribe(happened, 'one', one.handler);
    trial.instance.subscribe(happened, 'two', two.handler);
    trial.instance.subscribe(another, 'one', other.handler);
    await trial.instance.publish(happened, 7);
    await trial.instance.publish(another, 8);
    for (const inbox of [one, two, other]) await inbox.waitFor(trial, 1);
    trial.equal('payloads', [one.payloads, two.payloads, other.payloads], [[7], [7], [8]]);
  }),

  basic('publishing to nobody succeeds', async (trial) => {
    await trial.instance.publish(happened, 1);
  }),

  basic('within a group one handler gets an event', async (trial) => {
    const [first, second] = [new Inbox<number>(), new Inbox<number>()];
    const last = new Inbox<number>();
    trial.instance.subscribe(happened, 'shared', first.handler);
    trial.instance.subscribe(happened, 'shared', second.handler);
    trial.instance.subscribe(happened, 'witness', last.handler);
    for (const n of numbers(20)) await trial.instance.publish(happened, n);
    await last.waitFor(trial, 20);
    await trial.within('20 deliveries to the group', untilTotal(trial, [first, second], 20));
    trial.equal(
      'what the group got',
      [...first.payloads, ...second.payloads].sort((a, b) => a - b),
      numbers(20),
    );
  }),

  basic('events reach a handler in the order they were published, one at a time', async (trial) => {
    let running = 0;
    let most = 0;
    const inbox = new Inbox<number>(async (n) => {
      most = Math.max(most, ++running);
      // Later ones would be done sooner if they were let.
      for (let turn = n % 3; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      running--;
    });
    trial.instance.subscribe(happened, 'ordered', inbox.handler);
    await Promise.all(numbers(100).map((n) => trial.instance.publish(happened, n)));
    await inbox.waitFor(trial, 100);
    trial.equal('the order', inbox.payloads, numbers(100));
    trial.equal('how many ran at once', most, 1);
  }),

  basic('a first delivery says so, and every publication has an id of its own', async (trial) => {
    const inbox = new Inbox<number>();
    trial.instance.subscribe(happened, 'one', inbox.handler);
    for (const n of numbers(10)) await trial.instance.publish(happened, n);
    await inbox.waitFor(trial, 10);
    trial.equal(
      'attempts',
      inbox.deliveries.map(({ meta }) => meta.attempt),
      numbers(10).map(() => 1),
    );
    trial.equal('how many ids', new Set(inbox.deliveries.map(({ meta }) => meta.id)).size, 10);
  }),

  basic('the correlation id travels from the publisher to the handler', async (trial) => {
    const ambient: (string | undefined)[] = [];
    const inbox = new Inbox<number>(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      ambient.push(correlationId());
    });
    trial.instance.subscribe(happened, 'one', inbox.handler);
    await correlated('call-1', () => trial.instance.publish(happened, 1));
    await correlated('call-2', () => trial.instance.publish(happened, 2));
    await trial.instance.publish(happened, 3);
    await inbox.waitFor(trial, 3);
    const [first, second, third] = inbox.deliveries.map((delivery) => delivery.meta.correlationId);
    trial.equal('ids', [first, second], ['call-1', 'call-2']);
    trial.holds('an id outside of any call', typeof third === 'string' && third.length > 0, 'a new one', third);
    trial.equal('ids around the handler', ambient.slice(0, 2), ['call-1', 'call-2']);
  }),

  basic('what anyone does to a payload reaches nobody else', async (trial) => {
    const payload = { list: [1], text: 'é\u{1F600}' };
    const meddler = new Inbox<typeof payload>((received) => {
      try {
        received.list.push(3);
      } catch (error) {
        // A frozen payload refuses with a TypeError: that is the better answer.
        if (!(error instanceof TypeError)) throw error;
      }
    });
    const inbox = new Inbox<typeof payload>();
    trial.instance.subscribe(detailed, 'a-meddler', meddler.handler);
    trial.instance.subscribe(detailed, 'b', inbox.handler);
    const published = trial.instance.publish(detailed, payload);
    payload.list.push(2);
    await published;
    await meddler.waitFor(trial, 1);
    await inbox.waitFor(trial, 1);
    trial.equal('the payload', inbox.payloads, [{ list: [1], text: 'é\u{1F600}' }]);
  }),

  basic('a handler may publish', async (trial) => {
    const inbox = new Inbox<number>();
    trial.instance.subscribe(happened, 'relay', (n) => trial.instance.publish(another, n * 2));
    trial.instance.subscribe(another, 'end', inbox.handler);
    for (const n of numbers(5)) await trial.instance.publish(happened, n);
    await inbox.waitFor(trial, 5);
    trial.equal('payloads', inbox.payloads, [0, 2, 4, 6, 8]);
  }),
];

async function untilTotal(trial: EventTrial, inboxes: readonly Inbox<number>[], total: number): Promise<void> {
  const count = (): number => inboxes.reduce((sum, inbox) => sum + inbox.deliveries.length, 0);
  while (count() < total) {
    await trial.subject.advance?.(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
