import { type DesiredApplication, TargetFault } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { KitSkip } from '../trial.js';
import { actual, apply, call, only, remove, runs, type TargetTrial } from './means.js';
import type { TargetUnderTest } from './platform.js';

/** Milliseconds that a component has to start which never does. */
const short = 500;

type Run = (trial: TargetTrial) => Promise<void>;
const faulty = (name: string, run: Run): KitCase<TargetUnderTest> => ({ name, level: 'fault', run });

/** Applies what cannot become as desired, and checks that this is told, and in the port's own words. */
async function fails(
  trial: TargetTrial,
  application: DesiredApplication,
  codes: readonly TargetFault['code'][],
): Promise<void> {
  const fault = await trial.rejects('apply', () => trial.instance.apply(application, only(application).name, call()));
  const told = fault instanceof TargetFault && codes.includes(fault.code);
  trial.holds('the fault', told, `a TargetFault: ${codes.join(' or ')}`, fault);
  const seen = await actual(trial, application);
  trial.holds('what actual says of it', seen?.phase !== 'running', 'anything but running', seen);
}

/** When something does not become as desired. */
export const fault: readonly KitCase<TargetUnderTest>[] = [
  faulty('what was only asked for is not told as running', async (trial) => {
    const stuck = trial.instance.platform.stuck('app-1');
    const abort = new AbortController();
    const refused = trial.rejects('apply', () => trial.instance.apply(stuck, only(stuck).name, call(abort.signal)));
    // If the look at it fails, that is the failure to tell.
    refused.catch(() => undefined);
    for (let look = 0; look < 20; look++) {
      const seen = await actual(trial, stuck);
      trial.holds('what actual says while it starts', seen?.phase !== 'running', 'anything but running', seen);
      await new Promise((resolve) => setImmediate(resolve));
    }
    abort.abort(new Error('the caller has changed its mind'));
    await refused;
  }),

  faulty('a start that takes longer than its timeout is a fault, which a later apply repairs', async (trial) => {
    const { platform } = trial.instance;
    const stuck = platform.stuck('app-1');
    const hurried = { ...stuck, components: stuck.components.map((each) => ({ ...each, timeout: short })) };
    await fails(trial, hurried, ['timeout', 'unhealthy', 'start']);
    const good = platform.application('app-1', '1');
    await apply(trial, good);
    await runs(trial, good, '1');
  }),

  faulty('a workload that ends as soon as it starts is a fault, which a later apply repairs', async (trial) => {
    const { platform } = trial.instance;
    if (!platform.failing) throw new KitSkip('the platform has no application that fails to start');
    const failing = platform.failing('app-1');
    await fails(trial, failing, ['start', 'unhealthy', 'timeout']);
    const good = platform.application('app-1', '1');
    await apply(trial, good);
    await runs(trial, good, '1');
  }),

  faulty('what failed to start can be removed', async (trial) => {
    const { platform } = trial.instance;
    const stuck = platform.stuck('app-1');
    const hurried = { ...stuck, components: stuck.components.map((each) => ({ ...each, timeout: short })) };
    await fails(trial, hurried, ['timeout', 'unhealthy', 'start']);
    await remove(trial, stuck);
    trial.equal('actual', await trial.instance.actual(), []);
    trial.equal('what is left', await platform.leftovers(), []);
  }),

  faulty('a failure of one application leaves the others as they are', async (trial) => {
    const { platform } = trial.instance;
    const good = platform.application('app-1', '1');
    await apply(trial, good);
    await fails(trial, platform.missing('app-2'), ['artifact']);
    await runs(trial, good, '1');
    trial.equal('starts', await platform.starts(good.id, only(good).name), 1);
  }),

  faulty('a component that the deployment does not have is a fault that no repetition cures', async (trial) => {
    const application = trial.instance.platform.application('app-1', '1');
    const fault = await trial.rejects('apply', () => trial.instance.apply(application, 'no-such-component', call()));
    trial.holds('the fault', fault instanceof TargetFault && !fault.retry, 'a TargetFault without retry', fault);
    trial.equal('actual', await trial.instance.actual(), []);
  }),

  faulty('a remove that was given up on can be finished later', async (trial) => {
    const { platform } = trial.instance;
    const application = platform.application('app-1', '1');
    await apply(trial, application);
    const abort = new AbortController();
    const removed = trial.instance.remove(application, only(application).name, true, call(abort.signal));
    const reason = new Error('the caller has changed its mind');
    abort.abort(reason);
    const [outcome] = await trial.within('the end of a remove that was given up on', Promise.allSettled([removed]));
    const right = outcome?.status === 'fulfilled' || outcome?.reason === reason;
    trial.holds('its end', right, 'success, or the reason of the abort', outcome);
    await remove(trial, application);
    trial.equal('what is left', await platform.leftovers(), []);
  }),
];
