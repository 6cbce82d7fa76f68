import { type DesiredApplication, TargetFault } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { apply, call, only, remove, runs, several, type TargetTrial } from './means.js';
import type { TargetUnderTest } from './platform.js';

const second = 'kit-second';
const third = 'kit-third';

const namesOf = ({ components }: { readonly components: readonly { readonly name: string }[] }): string[] =>
  components.map(({ name }) => name).sort();

/** Checks that the target lists the application once, with these of its components. */
async function lists(trial: TargetTrial, { id }: DesiredApplication, names: readonly string[]): Promise<void> {
  const listed = (await trial.instance.actual()).filter((application) => application.id === id).map(namesOf);
  trial.equal(`the components that actual lists of ${id}`, listed, [names.toSorted()]);
}

/** Checks that a component still runs as it was once started. */
async function untouched(trial: TargetTrial, application: DesiredApplication, version: string, name: string) {
  await runs(trial, application, version, name);
  trial.equal(`starts of ${name}`, await trial.instance.platform.starts(application.id, name), 1);
}

async function removeAll(trial: TargetTrial, application: DesiredApplication): Promise<void> {
  for (const name of namesOf(application)) await remove(trial, application, true, name);
  trial.equal('actual', await trial.instance.actual(), []);
  trial.equal('what is left', await trial.instance.platform.leftovers(), []);
}

/** Applications of several components, which are applied and removed one by one. */
export const components: readonly KitCase<TargetUnderTest>[] = [
  {
    name: 'actual lists every component of an application',
    level: 'basic',
    async run(trial) {
      const application = several(trial.instance.platform.application('app-1', '1'), second, third);
      for (const [at, name] of application.components.map((component) => component.name).entries()) {
        await apply(trial, application, name);
        await lists(
          trial,
          application,
          application.components.slice(0, at + 1).map((component) => component.name),
        );
      }
      for (const name of namesOf(application)) await runs(trial, application, '1', name);
      await removeAll(trial, application);
    },
  },
  {
    name: 'remove of one component leaves the others of its application',
    level: 'basic',
    async run(trial) {
      const application = several(trial.instance.platform.application('app-1', '1'), second);
      const first = only(application).name;
      for (const name of [first, second]) await apply(trial, application, name);
      await remove(trial, application, true, second);
      await lists(trial, application, [first]);
      trial.equal(`the copies of ${second}`, await trial.instance.platform.running(application.id, second), []);
      await untouched(trial, application, '1', first);
      await removeAll(trial, application);
    },
  },
  {
    name: 'a new version of one component leaves the others of its application',
    level: 'convergent',
    async run(trial) {
      const { platform } = trial.instance;
      const before = several(platform.application('app-1', '1'), second);
      const after = several(platform.application('app-1', '2'), second);
      const first = only(before).name;
      for (const name of [first, second]) await apply(trial, before, name);
      await apply(trial, after, second);
      await runs(trial, after, '2', second);
      await untouched(trial, before, '1', first);
    },
  },
  {
    name: 'a component that fails leaves the others of its application',
    level: 'fault',
    async run(trial) {
      const { instance } = trial;
      const good = instance.platform.application('app-1', '1');
      const first = only(good);
      const missing = { ...only(instance.platform.missing('app-1')), name: second };
      const application = { ...good, components: [first, missing] };
      await apply(trial, application, first.name);
      const fault = await trial.rejects('apply', () => instance.apply(application, second, call()));
      trial.holds('the fault', fault instanceof TargetFault, 'a TargetFault', fault);
      await untouched(trial, application, '1', first.name);
      await removeAll(trial, application);
    },
  },
  {
    name: 'works on the components of an application at once',
    level: 'concurrent',
    async run(trial) {
      const { platform } = trial.instance;
      const before = several(platform.application('app-1', '1'), second);
      const after = several(platform.application('app-1', '2'), second);
      const first = only(before).name;
      await Promise.all([first, second].map((name) => apply(trial, before, name)));
      for (const name of [first, second]) await runs(trial, before, '1', name);
      await Promise.all([apply(trial, after, first), remove(trial, before, true, second)]);
      await lists(trial, after, [first]);
      await runs(trial, after, '2', first);
      await removeAll(trial, after);
    },
  },
];
