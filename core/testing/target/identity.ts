import type { KitCase } from '../kit.js';
import { apply, changed, remove, runs } from './means.js';
import type { TargetUnderTest } from './platform.js';

/** Ids and names that a target might take for something else. */
export const identity: readonly KitCase<TargetUnderTest>[] = [
  {
    name: 'an id that looks like a path harms nobody',
    level: 'basic',
    async run(trial) {
      const harmless = trial.instance.platform.application('app-1', '1');
      const odd = trial.instance.platform.application('../app-1/../../x', '2');
      await apply(trial, harmless);
      await apply(trial, odd);
      await runs(trial, odd, '2');
      await remove(trial, odd);
      await runs(trial, harmless, '1');
    },
  },
  {
    name: 'an id that is a member of every object is an id like any other',
    level: 'basic',
    async run(trial) {
      const { platform } = trial.instance;
      const named = (name: string) => changed(platform.application(name, '1'), { name });
      const applications = ['__proto__', 'constructor'].map(named);
      for (const application of applications) await apply(trial, application);
      for (const application of applications) await runs(trial, application, '1');
      for (const application of applications) await remove(trial, application);
      trial.equal('actual', await trial.instance.actual(), []);
      trial.equal('what is left', await platform.leftovers(), []);
    },
  },
];
