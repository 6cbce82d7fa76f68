import type { KitCase } from '../kit.js';
import { actual, apply, call, eventually, only, remove, runs } from './means.js';
import type { TargetUnderTest } from './platform.js';

/** What happens at the same time, and by itself. */
export const concurrent: readonly KitCase<TargetUnderTest>[] = [
  {
    name: 'works on several applications at once',
    level: 'concurrent',
    async run(trial) {
      const ids = ['app-1', 'app-2', 'app-3', 'app-4'];
      const applications = ids.map((id) => trial.instance.platform.application(id, id));
      await Promise.all(applications.map((application) => apply(trial, application)));
      for (const application of applications) await runs(trial, application, application.id);
      const [first, ...others] = applications;
      if (first) await remove(trial, first);
      for (const application of others) await runs(trial, application, application.id);
    },
  },
  {
    name: 'calls for one component at once leave one copy',
    level: 'concurrent',
    async run(trial) {
      const { platform } = trial.instance;
      const calls = ['1', '2', '1', '2', '3'].map((version) => apply(trial, platform.application('app-1', version)));
      await Promise.all(calls);
      const last = platform.application('app-1', '3');
      await apply(trial, last);
      await runs(trial, last, '3');
    },
  },
  {
    name: 'an abort stops waiting and leaves what can be undone',
    level: 'fault',
    async run(trial) {
      const { platform } = trial.instance;
      const stuck = platform.stuck('app-1');
      const abort = new AbortController();
      const applied = trial.instance.apply(stuck, only(stuck).name, call(abort.signal));
      const refused = trial.rejects('apply', applied);
      // If it never begins, that is the failure to tell.
      refused.catch(() => undefined);
      await eventually(trial, 'apply has begun', async () => (await actual(trial, stuck)) !== undefined);
      const reason = new Error('the caller has changed its mind');
      abort.abort(reason);
      trial.equal('the rejection', await refused, reason);
      const good = platform.application('app-1', '1');
      await apply(trial, good);
      await runs(trial, good, '1');
    },
  },
  {
    name: 'an abort ends a call at once that waits for another one',
    level: 'fault',
    async run(trial) {
      const { platform } = trial.instance;
      const stuck = platform.stuck('app-1');
      const { name } = only(stuck);
      const [first, waiting] = [new AbortController(), new AbortController()];
      let goesOn = true;
      const applied = trial.instance.apply(stuck, name, call(first.signal));
      const ended = trial.rejects('the first apply', applied).finally(() => {
        goesOn = false;
      });
      // If it never begins, that is the failure to tell.
      ended.catch(() => undefined);
      await eventually(trial, 'apply has begun', async () => (await actual(trial, stuck)) !== undefined);
      const reason = new Error('the caller has changed its mind');
      const calls = {
        apply: trial.instance.apply(platform.application('app-1', '1'), name, call(waiting.signal)),
        remove: trial.instance.remove(stuck, name, true, call(waiting.signal)),
      };
      const refused = Object.entries(calls).map(([what, work]) => trial.rejects(what, work));
      for (const each of refused) each.catch(() => undefined);
      waiting.abort(reason);
      trial.equal('the rejections', await Promise.all(refused), [reason, reason]);
      trial.holds('the call that they waited for', goesOn, 'that it goes on', 'that it has ended before them');
      first.abort(reason);
      await ended;
      const good = platform.application('app-1', '2');
      await apply(trial, good);
      await runs(trial, good, '2');
    },
  },
  {
    name: 'an abort before the call changes nothing',
    level: 'fault',
    async run(trial) {
      const { instance } = trial;
      const application = instance.platform.application('app-1', '1');
      const reason = new Error('too late');
      const aborted = call(AbortSignal.abort(reason));
      const refused = () => instance.apply(application, only(application).name, aborted);
      trial.equal('the rejection', await trial.rejects('apply', refused), reason);
      trial.equal('actual', await instance.actual(), []);
    },
  },
  {
    name: 'an abort before a remove changes nothing',
    level: 'fault',
    async run(trial) {
      const { instance } = trial;
      const application = instance.platform.application('app-1', '1');
      await apply(trial, application);
      const reason = new Error('too late');
      const aborted = call(AbortSignal.abort(reason));
      const refused = () => instance.remove(application, only(application).name, true, aborted);
      trial.equal('the rejection', await trial.rejects('remove', refused), reason);
      await runs(trial, application, '1');
    },
  },
  {
    name: 'a crash is told by watch and seen in actual',
    level: 'fault',
    async run(trial) {
      const { platform } = trial.instance;
      const application = platform.application('app-1', '1');
      await apply(trial, application);
      const end = new AbortController();
      const told: string[] = [];
      const watching = (async () => {
        for await (const id of trial.instance.watch(end.signal)) told.push(id);
      })();
      const before = await platform.starts(application.id, only(application).name);
      await platform.crash(application.id, only(application).name);
      await eventually(trial, 'watch tells of the crash', async () => told.includes(application.id));
      // Either it is seen down, or the target has already brought it up again by itself.
      await eventually(trial, 'actual shows the crash', async () => {
        if ((await actual(trial, application))?.phase !== 'running') return true;
        return (await platform.starts(application.id, only(application).name)) > before;
      });
      await apply(trial, application);
      await runs(trial, application, '1');
      end.abort();
      await trial.within('the watch ends', watching);
    },
  },
];
