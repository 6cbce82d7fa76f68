import { correlated, correlationId } from '../../correlation/index.js';
import { type EventBus, eventType } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { type EventTrial, Inbox, numbers, turns } from './inbox.js';

type Run = (trial: EventTrial) => Promise<void>;
const basic = (name: string, run: Run): KitCase<EventBus> => ({ name, level: 'basic', run });

const happened = eventType<number>('kit-happened');
const another = eventType<number>('kit-another');
const detailed = eventType<{ list: number[]; text: string }>('kit-detailed');
const empty = eventType<null | undefined>('kit-empty');
const whatever = eventType<unknown>('kit-whatever');

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
    const group = new Inbox<number>();
    const handlers = [new Set<number>(), new Set<number>()];
    for (const mine of handlers) {
      trial.instance.subscribe(happened, 'shared', (n, meta) => {
        mine.add(n);
        return group.handler(n, meta);
      });
    }
    const last = new Inbox<number>();
    trial.instance.subscribe(happened, 'witness', last.handler);
    for (const n of numbers(20)) await trial.instance.publish(happened, n);
    await last.waitFor(trial, 20);
    await group.waitFor(trial, 20);
    trial.equal(
      'what the group got',
      group.payloads.sort((a, b) => a - b),
      numbers(20),
    );
    // One may be delivered again, to whom it may be: not the rule.
    const both = numbers(20).filter((n) => handlers.every((mine) => mine.has(n)));
    trial.holds('events that both handlers got', both.length <= 10, 'none, or some that were delivered again', both);
  }),

  basic('events reach a handler in the order they were published, one at a time', async (trial) => {
    let running = 0;
    let most = 0;
    const inbox = new Inbox<number>(async (n) => {
      most = Math.max(most, ++running);
      // Later ones would be done sooner if they were let.
      await turns(3 - (n % 3));
      running--;
    });
    trial.instance.subscribe(happened, 'ordered', inbox.handler);
    await Promise.all(numbers(100).map((n) => trial.instance.publish(happened, n)));
    await inbox.waitFor(trial, 100);
    trial.equal('the order', inbox.payloads, numbers(100));
    trial.equal('how many ran at once', most, 1);
  }),

  basic('a first delivery says so', async (trial) => {
    const inbox = new Inbox<number>();
    trial.instance.subscribe(happened, 'one', inbox.handler);
    for (const n of numbers(10)) await trial.instance.publish(happened, n);
    await inbox.waitFor(trial, 10);
    trial.equal(
      'attempts',
      inbox.firsts.map(({ meta }) => meta.attempt),
      numbers(10).map(() => 1),
    );
  }),

  basic('no two publications have the same id', async (trial) => {
    const inbox = new Inbox<number>();
    trial.instance.subscribe(happened, 'one', inbox.handler);
    const [batches, batch] = [15, 100];
    for (const at of numbers(batches)) {
      await Promise.all(numbers(batch).map((n) => trial.instance.publish(happened, at * batch + n)));
      await inbox.waitFor(trial, (at + 1) * batch);
    }
    const ids = new Set(inbox.firsts.map(({ meta }) => meta.id));
    trial.equal(`how many ids ${batches * batch} publications have`, ids.size, batches * batch);
  }),

  basic('a payload that is undefined or null arrives as it is', async (trial) => {
    const inbox = new Inbox<null | undefined>();
    trial.instance.subscribe(empty, 'one', inbox.handler);
    await trial.instance.publish(empty, undefined);
    await trial.instance.publish(empty, null);
    await inbox.waitFor(trial, 2);
    trial.equal('payloads', inbox.payloads, [undefined, null]);
  }),

  basic('a payload that is no JSON is refused with a TypeError, and nobody is told', async (trial) => {
    const inbox = new Inbox<unknown>();
    trial.instance.subscribe(whatever, 'one', inbox.handler);
    const cycle: unknown[] = [];
    cycle.push(cycle);
    for (const payload of [() => 1, Symbol('s'), 1n, Number.NaN, new Date(0), new Map(), [() => 1], cycle]) {
      const error = await trial.rejects('publish', () => trial.instance.publish(whatever, payload));
      trial.holds('the error', error instanceof TypeError, 'a TypeError', error);
    }
    await trial.instance.publish(whatever, 'JSON');
    await inbox.waitFor(trial, 1);
    trial.equal('payloads', inbox.payloads, ['JSON']);
  }),

  basic('the correlation id travels from the publisher to the handler', async (trial) => {
    const ambient: (string | undefined)[] = [];
    const inbox = new Inbox<number>(async () => {
      await turns(1);
      ambient.push(correlationId());
    });
    trial.instance.subscribe(happened, 'one', inbox.handler);
    await correlated('call-1', () => trial.instance.publish(happened, 1));
    await correlated('call-2', () => trial.instance.publish(happened, 2));
    await trial.instance.publish(happened, 3);
    await inbox.waitFor(trial, 3);
    const [first, second, third] = inbox.firsts.map(({ meta }) => meta.correlationId);
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
    const relay = new Inbox<number>((n) => trial.instance.publish(another, n * 2));
    const inbox = new Inbox<number>();
    trial.instance.subscribe(happened, 'relay', relay.handler);
    trial.instance.subscribe(another, 'end', inbox.handler);
    for (const n of numbers(5)) await trial.instance.publish(happened, n);
    await inbox.waitFor(trial, 5);
    trial.equal('payloads', inbox.payloads, [0, 2, 4, 6, 8]);
  }),
];
