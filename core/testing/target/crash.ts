import { setTimeout } from 'node:timers/promises';
import type { KitCase } from '../kit.js';
import { randomNumbers } from '../random.js';
import { KitSkip } from '../trial.js';
import { apply, only, remove, runs } from './means.js';
import type { TargetUnderTest } from './platform.js';

/** What outlives the agent. */
export const crash: readonly KitCase<TargetUnderTest>[] = [
  {
    name: 'workloads run on while the agent is away',
    level: 'durable',
    async run(trial) {
      const { platform } = trial.instance;
      const application = platform.application('app-1', '1');
      await apply(trial, application);
      await trial.close();
      trial.equal('the copies that run', await platform.running(application.id, only(application).name), ['1']);
      await trial.reopen();
      await runs(trial, application, '1');
      await apply(trial, application);
      trial.equal('starts', await platform.starts(application.id, only(application).name), 1);
    },
  },
  {
    name: 'what an earlier agent made can be updated and removed',
    level: 'durable',
    async run(trial) {
      await apply(trial, trial.instance.platform.application('app-1', '1'));
      await trial.close();
      await trial.reopen();
      const update = trial.instance.platform.application('app-1', '2');
      await apply(trial, update);
      await runs(trial, update, '2');
      await trial.close();
      await trial.reopen();
      await remove(trial, update);
      trial.equal('what is left', await trial.instance.platform.leftovers(), []);
    },
  },
  {
    name: 'an agent killed anywhere in apply leaves what the next one finishes, with one copy',
    level: 'crash',
    async run(trial) {
      const { applyElsewhere } = trial.instance.platform;
      if (!applyElsewhere) throw new KitSkip('the platform has no agent that can be killed');
      const random = randomNumbers(trial.seed);
      let applyTakes = 0;
      for (let kill = 0; kill <= trial.kills; kill += 1) {
        const application = trial.instance.platform.application('app-1', `${kill}`);
        await trial.close();
        const agent = applyElsewhere.call(trial.instance.platform, application, only(application).name);
        await trial.within('the agent begins to apply', agent.begun);
        if (kill === 0) {
          // The first is left alone, to see how long it takes.
          const began = performance.now();
          await trial.within('the agent applies', agent.ended);
          applyTakes = performance.now() - began;
        } else {
          // The moment is the random input of the case; nothing is waited for.
          await Promise.race([agent.ended, setTimeout(random(1 + Math.round(applyTakes)))]);
          await agent.kill();
        }
        await trial.reopen();
        const { platform } = trial.instance;
        const copies = await platform.running(application.id, only(application).name);
        trial.holds('copies right after the restart', copies.length <= 1, 'at most one', copies);
        await apply(trial, application);
        await runs(trial, application, `${kill}`);
      }
      await remove(trial, trial.instance.platform.application('app-1', '0'));
      trial.equal('what is left', await trial.instance.platform.leftovers(), []);
    },
  },
];
