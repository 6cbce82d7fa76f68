import type { QueueProvider } from '../../ports/index.js';
import { runUntilKilled } from '../crash-process.js';
import type { KitCase } from '../kit.js';
import { KitSkip } from '../trial.js';
import { Desk, queue } from './desk.js';

/** What the program that is killed reports: an item that it has enqueued, done, or begun and never ends. */
export interface Report {
  readonly at: 'acknowledged' | 'done' | 'begun';
  readonly id: string;
}

/** What outlives the process. */
export const queueCrashCases: readonly KitCase<QueueProvider>[] = [
  {
    name: 'items that were acknowledged survive kill -9 of who enqueued them and of who worked on them',
    level: 'crash',
    async run(trial) {
      const { crash } = trial.subject;
      if (!crash) throw new KitSkip('the subject does not say how another process makes it');
      if (!trial.instance.durable) throw new KitSkip('the provider is not durable');
      await trial.within('stop', trial.close());
      const owed = new Set<string>();
      let begun: string | undefined;
      await runUntilKilled<Report>(import.meta.url, 'crash-worker', crash, ({ at, id }) => {
        if (at === 'acknowledged') owed.add(id);
        if (at === 'done') owed.delete(id);
        if (at === 'begun') begun = id;
        return begun !== undefined && owed.size >= 30;
      });
      trial.note(`-- killed with ${owed.size} items undone, in the middle of ${begun}`);
      await trial.reopen();
      const desk = new Desk();
      trial.instance.work(queue, desk.handler, { parallel: 4 });
      const missing = (): string[] => [...owed].filter((id) => !desk.done.includes(id));
      await desk.until(trial, 'what was acknowledged and not done', () => missing().length === 0);
      const again = desk.attempts.find(({ meta }) => meta.id === begun);
      trial.equal('the attempt at what its worker was killed in', again?.meta.attempt, 2);
    },
  },
];
