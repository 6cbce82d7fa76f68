import type { EventBus } from '../../ports/index.js';
import { runUntilKilled } from '../crash-process.js';
import type { KitCase } from '../kit.js';
import { randomNumbers } from '../random.js';
import { KitSkip } from '../trial.js';
import type { PublisherTask } from './crash-publisher.js';
import { Owed, type Report } from './survivors.js';

/** What outlives the process. */
export const crashCases: readonly KitCase<EventBus>[] = [
  {
    name: 'an acknowledged publication survives kill -9',
    level: 'crash',
    async run(trial) {
      if (!trial.instance.durable) throw new KitSkip('the provider is not durable');
      const { crash } = trial.subject;
      if (!crash) throw new KitSkip('the subject does not say how another process makes it');
      const pick = randomNumbers(trial.seed);
      for (let life = 0; life < trial.kills; life++) {
        const owed = new Owed(life);
        const enough = 1 + pick(life % 2 === 0 ? 20 : 100);
        const task: PublisherTask = { ...crash, life };
        await trial.within('stop', trial.close());
        await runUntilKilled<Report>(import.meta.url, 'crash-publisher', task, (report) => {
          owed.note(report);
          return owed.acknowledged >= enough;
        });
        trial.note(`-- killed after ${owed.acknowledged} acknowledged publications`);
        await trial.reopen();
        await owed.check(trial);
      }
    },
  },
];
