import { TargetFault } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { KitSkip } from '../trial.js';
import { apply, only, runs, type TargetTrial } from './means.js';
import type { TargetUnderTest } from './platform.js';

type Application = Parameters<TargetUnderTest['apply']>[0];

async function previewed(trial: TargetTrial, application: Application): Promise<readonly string[]> {
  const { instance } = trial;
  if (!instance.preview) throw new KitSkip('it has no dry run');
  const { signal } = new AbortController();
  return trial.within('preview', instance.preview(application, only(application).name, signal));
}

/** What a target says beforehand, where it has a dry run. */
export const preview: readonly KitCase<TargetUnderTest>[] = [
  {
    name: 'a preview tells what apply would do, and does nothing of it',
    level: 'basic',
    async run(trial) {
      const { platform } = trial.instance;
      const [first, second] = [platform.application('app-1', '1'), platform.application('app-1', '2')];
      const install = await previewed(trial, first);
      trial.holds('the preview of an installation', install.length > 0, 'at least one thing', install);
      trial.equal('actual after it', await trial.instance.actual(), []);
      trial.equal('what it left', await platform.leftovers(), []);
      await apply(trial, first);
      trial.equal('the preview of what is so', await previewed(trial, first), []);
      const update = await previewed(trial, second);
      trial.holds('the preview of an update', update.length > 0, 'at least one thing', update);
      await runs(trial, first, '1');
    },
  },
  {
    name: 'a preview of what it cannot run is a fault',
    level: 'basic',
    async run(trial) {
      const application = { ...trial.instance.platform.application('app-1', '1'), deploymentType: 'x-unheard-of' };
      const fault = await previewed(trial, application).catch((error: unknown) => error);
      if (fault instanceof KitSkip) throw fault;
      const right = fault instanceof TargetFault && fault.code === 'unsupported';
      trial.holds('the fault', right, 'TargetFault unsupported', fault);
    },
  },
];
