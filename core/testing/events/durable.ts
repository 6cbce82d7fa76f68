import { correlated } from '../../correlation/index.js';
import { type EventBus, eventType } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { KitSkip } from '../trial.js';
import { type EventTrial, Inbox, numbers } from './inbox.js';

type Run = (trial: EventTrial) => Promise<void>;
const durable = (name: string, run: Run): KitCase<EventBus> => ({ name, level: 'durable', run });
const ifDurable = (name: string, run: Run): KitCase<EventBus> =>
  durable(name, async (trial) => {
    if (!trial.instance.durable) throw new KitSkip('the provider is not durable');
    await run(trial);
  });

const happened = eventType<number | undefined>('kit-happened');

const refuse = (): never => {
  throw new Error('not in this life');
};

async function restart(trial: EventTrial): Promise<void> {
  await trial.within('stop', trial.close());
  await trial.reopen();
}

/** What is still there after an orderly stop. */
export const durableCases: readonly KitCase<EventBus>[] = [
  ifDurable('what a handler has failed with is delivered after a restart, under the same ids', async (trial) => {
    const before = new Inbox<number | undefined>(refuse);
    trial.instance.subscribe(happened, 'one', before.handler);
    await correlated('call-1', () => trial.instance.publish(happened, undefined));
    for (const n of numbers(20)) await trial.instance.publish(happened, n);
    await before.waitFor(trial, 1);
    await restart(trial);
    const after = new Inbox<number | undefined>();
    trial.instance.subscribe(happened, 'one', after.handler);
    await after.waitFor(trial, 21);
    trial.equal('payloads', after.payloads, [undefined, ...numbers(20)]);
    const [first, again] = [before.firsts[0]?.meta, after.firsts[0]?.meta];
    trial.equal('the id after the restart', again?.id, first?.id);
    trial.equal('the correlation id after the restart', again?.correlationId, 'call-1');
  }),

  ifDurable('what waits for a group to come back waits over a restart', async (trial) => {
    const before = new Inbox<number | undefined>(refuse);
    const subscription = trial.instance.subscribe(happened, 'one', before.handler);
    for (const n of numbers(3)) await trial.instance.publish(happened, n);
    await before.waitFor(trial, 1);
    await trial.within('close', subscription.close());
    for (let restarts = 0; restarts < 2; restarts++) await restart(trial);
    const [other, after] = [new Inbox<number | undefined>(), new Inbox<number | undefined>()];
    trial.instance.subscribe(happened, 'another', other.handler);
    trial.instance.subscribe(happened, 'one', after.handler);
    await after.waitFor(trial, 3);
    trial.equal('payloads', after.payloads, numbers(3));
    trial.equal('what a group got that was not subscribed', other.payloads, []);
  }),

  durable('no id is used again after a restart', async (trial) => {
    const inbox = new Inbox<number | undefined>();
    for (const life of numbers(3)) {
      trial.instance.subscribe(happened, 'one', inbox.handler);
      for (const n of numbers(10)) await trial.instance.publish(happened, life * 10 + n);
      await inbox.waitUntilHandled(trial, (life + 1) * 10);
      await restart(trial);
    }
    const ids = new Set(inbox.firsts.map(({ meta }) => meta.id));
    trial.equal('how many ids 30 publications have', ids.size, 30);
  }),
];
