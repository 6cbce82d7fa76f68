import { type EventBus, eventType } from '../../ports/index.js';
import { keepsItsSize } from '../growth.js';
import type { KitCase } from '../kit.js';
import { Inbox, numbers } from './inbox.js';

const happened = eventType<{ readonly n: number; readonly text: string }>('kit-happened');
/** Events that are published before they are waited for. */
const batch = 100;

/** What must not grow with what is over. */
export const performanceCases: readonly KitCase<EventBus>[] = [
  {
    name: 'memory does not grow with 10,000 events that were delivered',
    level: 'performance',
    async run(trial) {
      await keepsItsSize(trial, 10_000 / batch, async () => {
        const inbox = new Inbox<{ readonly n: number; readonly text: string }>();
        const subscription = trial.instance.subscribe(happened, 'one', inbox.handler);
        for (const n of numbers(batch)) await trial.instance.publish(happened, { n, text: 'x'.repeat(1_000) });
        await inbox.waitFor(trial, batch);
        await subscription.close();
      });
    },
  },
];
