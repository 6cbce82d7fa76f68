import { TargetFault } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { actual, apply, call, only, remove, runs } from './means.js';
import type { TargetUnderTest } from './platform.js';

/** What one caller may expect. */
export const basic: readonly KitCase<TargetUnderTest>[] = [
  {
    name: 'describes what it can run',
    level: 'basic',
    async run(trial) {
      const { components, runtimes, facts, parallel } = await trial.instance.describe();
      const { deploymentType } = trial.instance.platform.application('any', '1');
      const types = components.map((type) => type.deploymentType);
      trial.holds('the types of components', types.includes(deploymentType), deploymentType, types);
      trial.holds('runtimes', runtimes.length > 0, 'at least one', runtimes);
      trial.holds('parallel', parallel >= 1, 'at least 1', parallel);
      trial.holds('cpus', facts.cpus.length > 0 && facts.cpus.every(({ cores }) => cores > 0), 'cores', facts.cpus);
      for (const amount of [facts.memory, facts.storage]) {
        trial.holds('a quantity', /^[1-9]\d*(Ki|Mi|Gi|Ti|Pi|Ei)$/.test(amount), 'such as 4Gi', amount);
      }
    },
  },
  {
    name: 'knows nothing at first',
    level: 'basic',
    async run(trial) {
      trial.equal('actual', await trial.instance.actual(), []);
    },
  },
  {
    name: 'apply makes it run',
    level: 'basic',
    async run(trial) {
      const application = trial.instance.platform.application('app-1', '1');
      await apply(trial, application);
      await runs(trial, application, '1');
      const [listed] = await trial.instance.actual();
      trial.equal('the name', listed?.name, application.name);
    },
  },
  {
    name: 'applying what is already so restarts nothing',
    level: 'idempotent',
    async run(trial) {
      const { platform } = trial.instance;
      const application = platform.application('app-1', '1');
      for (let time = 0; time < 3; time += 1) await apply(trial, application);
      await runs(trial, application, '1');
      trial.equal('starts', await platform.starts(application.id, only(application).name), 1);
    },
  },
  {
    name: 'applying another version replaces it',
    level: 'convergent',
    async run(trial) {
      const { platform } = trial.instance;
      for (const version of ['1', '2', '1']) {
        const application = platform.application('app-1', version);
        await apply(trial, application);
        await runs(trial, application, version);
      }
    },
  },
  {
    name: 'remove leaves nothing',
    level: 'basic',
    async run(trial) {
      const { platform } = trial.instance;
      const application = platform.application('app-1', '1');
      await apply(trial, application);
      await remove(trial, application);
      trial.equal('actual', await trial.instance.actual(), []);
      trial.equal('the copies that run', await platform.running(application.id, only(application).name), []);
      trial.equal('what is left', await platform.leftovers(), []);
    },
  },
  {
    name: 'removing what is not there succeeds',
    level: 'idempotent',
    async run(trial) {
      const application = trial.instance.platform.application('never-seen', '1');
      for (const purge of [false, true]) await remove(trial, application, purge);
      trial.equal('actual', await trial.instance.actual(), []);
      trial.equal('what is left', await trial.instance.platform.leftovers(), []);
    },
  },
  {
    name: 'can be applied again after remove',
    level: 'convergent',
    async run(trial) {
      const application = trial.instance.platform.application('app-1', '1');
      await apply(trial, application);
      await remove(trial, application, false);
      await apply(trial, application);
      await runs(trial, application, '1');
    },
  },
  {
    name: 'an artifact that is nowhere is a fault, and changes nothing',
    level: 'fault',
    async run(trial) {
      const application = trial.instance.platform.missing('app-1');
      const fault = await trial.rejects('apply', () =>
        trial.instance.apply(application, only(application).name, call()),
      );
      trial.holds(
        'the fault',
        fault instanceof TargetFault && fault.code === 'artifact',
        'TargetFault artifact',
        fault,
      );
      trial.holds('retry', fault instanceof TargetFault && fault.retry, 'true: it may be pushed later', fault);
      trial.equal(
        'the copies that run',
        await trial.instance.platform.running(application.id, only(application).name),
        [],
      );
      await apply(trial, trial.instance.platform.application('app-1', '1'));
    },
  },
  {
    name: 'an update whose artifact is nowhere leaves the old one running',
    level: 'fault',
    async run(trial) {
      const { platform } = trial.instance;
      const good = platform.application('app-1', '1');
      await apply(trial, good);
      const bad = platform.missing('app-1');
      await trial.rejects('apply', () => trial.instance.apply(bad, only(bad).name, call()));
      await runs(trial, good, '1');
      trial.equal('starts', await platform.starts(good.id, only(good).name), 1);
    },
  },
  {
    name: 'what it cannot run is a fault that no repetition cures',
    level: 'fault',
    async run(trial) {
      const application = { ...trial.instance.platform.application('app-1', '1'), deploymentType: 'x-unheard-of' };
      const fault = await trial.rejects('apply', () =>
        trial.instance.apply(application, only(application).name, call()),
      );
      const right = fault instanceof TargetFault && fault.code === 'unsupported' && !fault.retry;
      trial.holds('the fault', right, 'TargetFault unsupported', fault);
      trial.equal('actual', await actual(trial, application), undefined);
    },
  },
];
