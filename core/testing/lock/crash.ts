import type { LockProvider } from '../../ports/index.js';
import { runUntilKilled } from '../crash-process.js';
import type { KitCase } from '../kit.js';
import { KitSkip } from '../trial.js';
import { acquire } from './means.js';

/** What the program that is killed reports. */
export interface Held {
  readonly fence: number;
}

/** What outlives the process. */
export const lockCrashCases: readonly KitCase<LockProvider>[] = [
  {
    name: 'the lease of a killed process runs out and goes to who waits, with a greater fence',
    level: 'crash',
    async run(trial) {
      const { crash } = trial.subject;
      if (!crash) throw new KitSkip('the subject does not say how another process makes it');
      let fence = 0;
      await runUntilKilled<Held>(import.meta.url, 'crash-holder', crash, (report) => {
        fence = report.fence;
        return true;
      });
      trial.note(`-- killed with the lease of fence ${fence}`);
      const lease = await acquire(trial, 'kit');
      trial.holds('the fence after it', lease.fence > fence, `more than ${fence}`, lease.fence);
      await lease.release();
    },
  },
];
