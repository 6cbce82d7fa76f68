import { put, type StateProvider } from '../../ports/index.js';
import { runUntilKilled } from '../crash-process.js';
import type { KitCase } from '../kit.js';
import type { CrashRecipe } from '../kit-subject.js';
import { randomNumbers } from '../random.js';
import { KitSkip } from '../trial.js';
import type { WriterTask } from './crash-writer.js';
import type { StateTrial } from './fixtures.js';
import { halves } from './halves.js';
import { Ledger, type Report } from './ledger.js';

/** Lets a writer work until it has had `acknowledged` commits confirmed, then kills it without warning. */
async function writeAndKill(trial: StateTrial, ledger: Ledger, recipe: CrashRecipe, acknowledged: number) {
  const task: WriterTask = { ...recipe, firstPair: ledger.nextPair };
  let done = 0;
  await runUntilKilled<Report>(import.meta.url, 'crash-writer', task, (report) => {
    ledger.note(trial, report);
    return report.at === 'done' && ++done === acknowledged;
  });
  trial.note(`-- killed after ${done} acknowledged commits`);
}

export const crashCases: readonly KitCase<StateProvider>[] = [
  {
    name: 'an acknowledged commit survives kill -9, any other is there wholly or not at all',
    level: 'crash',
    async run(trial) {
      if (!trial.instance.durable) throw new KitSkip('the provider is not durable');
      const { crash } = trial.subject;
      if (!crash) throw new KitSkip('the subject does not say how another process makes it');
      const ledger = new Ledger();
      const pick = randomNumbers(trial.seed);
      for (let kill = 0; kill < trial.kills; kill++) {
        await trial.close();
        await writeAndKill(trial, ledger, crash, 1 + pick(kill % 2 === 0 ? 20 : 400));
        await trial.reopen();
        await ledger.check(trial);
        const highest = ledger.highestRevision;
        const next = await trial.instance.commit([put(halves, 'parent', { pair: -1, padding: '' })]);
        trial.holds('the first revision after a kill', next > highest, `more than ${highest}`, next);
        ledger.noteRevision(trial, next);
        await trial.instance.commit([{ kind: 'delete', in: halves, key: 'parent' }]).then((revision) => {
          ledger.noteRevision(trial, revision);
        });
      }
    },
  },
];
