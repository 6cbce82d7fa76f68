import { componentFaults, type DesiredComponent, TargetFault } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { KitSkip } from '../trial.js';
import { actual, apply, call, changed, describedType, eventually, only, remove, runs, saysItRuns } from './means.js';
import type { TargetUnderTest } from './platform.js';

type Type = Awaited<ReturnType<typeof describedType>>;

/** Values of which a property takes some, but hardly all. */
const values = [null, 42, true, '', [], {}] as const;

/** The component with a property, or a parameter, that its type refuses; none where it takes anything. */
function refused(component: DesiredComponent, type: Type, part: 'properties' | 'parameters'): DesiredComponent[] {
  const declared = Object.keys(Object(type[part]['properties']));
  const names = [...declared, ...Object.keys(component[part]), 'no name for anything!'];
  const candidates = names.flatMap((name) =>
    values.map((value) => ({ ...component, [part]: { ...component[part], [name]: value } })),
  );
  return candidates.filter((candidate) => componentFaults(candidate, type).length > 0).slice(0, 1);
}

/** What of a request counts, and what does not. */
export const requests: readonly KitCase<TargetUnderTest>[] = [
  {
    name: 'without wait, it is taken and comes to run',
    level: 'basic',
    async run(trial) {
      const application = changed(trial.instance.platform.application('app-1', '1'), { wait: false });
      await apply(trial, application);
      await eventually(trial, 'it runs', async () => (await actual(trial, application))?.phase === 'running');
      await runs(trial, application, '1');
    },
  },
  {
    name: 'a change of names, labels, wait or timeout restarts nothing',
    level: 'idempotent',
    async run(trial) {
      const { platform } = trial.instance;
      const application = platform.application('app-1', '1');
      const { name, timeout } = only(application);
      await apply(trial, application);
      const other = { ...application, name: `${application.name} anew`, labels: { kit: 'another' } };
      await apply(trial, changed(other, { wait: false, timeout: timeout + 1 }));
      await runs(trial, application, '1');
      trial.equal('starts', await platform.starts(application.id, name), 1);
    },
  },
  {
    name: 'a change of the revision is a change',
    level: 'convergent',
    async run(trial) {
      const application = trial.instance.platform.application('app-1', '1');
      await apply(trial, application);
      const update = changed(application, { revision: '9.9.9-kit' });
      const fault = await apply(trial, update).catch((error: unknown) => error);
      if (fault === undefined) return saysItRuns(trial, update);
      // Where artifacts are fetched, there is none of this revision.
      const right = fault instanceof TargetFault && fault.code === 'artifact';
      trial.holds('the update', right, 'success, or TargetFault artifact', fault);
      await runs(trial, application, '1');
    },
  },
  {
    name: 'properties or parameters that its type refuses are invalid, and change nothing',
    level: 'fault',
    async run(trial) {
      const { instance } = trial;
      const application = instance.platform.application('app-1', '1');
      const type = await describedType(trial, application);
      const wrong = (['properties', 'parameters'] as const).flatMap((part) => refused(only(application), type, part));
      if (wrong.length === 0) throw new KitSkip('its type takes any properties and parameters');
      for (const component of wrong) {
        const fault = await trial.rejects('apply', () =>
          instance.apply(changed(application, component), component.name, call()),
        );
        const right = fault instanceof TargetFault && fault.code === 'invalid' && !fault.retry;
        trial.holds('the fault', right, 'TargetFault invalid, without retry', fault);
        trial.equal('actual', await instance.actual(), []);
      }
    },
  },
  {
    name: 'logs are of what is here, and no more lines than asked for',
    level: 'basic',
    async run(trial) {
      const { instance } = trial;
      const application = instance.platform.application('app-1', '1');
      const { name } = only(application);
      const logs = (id: string, component: string, lines: number): Promise<readonly string[]> =>
        trial.within('logs', instance.logs(id, component, lines));
      await apply(trial, application);
      for (const lines of [0, 1, 100]) {
        const found = await logs(application.id, name, lines);
        trial.holds(`logs of ${lines} lines`, found.length <= lines, `at most ${lines}`, found);
        trial.holds(
          'logs',
          found.every((line) => typeof line === 'string'),
          'lines of text',
          found,
        );
      }
      trial.equal('logs of an application that is not here', await logs('never-seen', name, 100), []);
      trial.equal('logs of a component that is not here', await logs(application.id, 'no-such-component', 100), []);
      await remove(trial, application);
      trial.equal('logs of what was removed', await logs(application.id, name, 100), []);
    },
  },
];
