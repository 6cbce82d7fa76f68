import type { FleetManagerFault } from '../../ports/index.js';
import { isAbort } from '../disclosure.js';
import type { KitCase } from '../kit.js';
import { calls, enrolled, never, refused, type WfmTrial } from './means.js';
import type { FleetDisturbance, WfmUnderTest } from './side.js';

type Run = (trial: WfmTrial) => Promise<void>;
const fault = (name: string, run: Run): KitCase<WfmUnderTest> => ({ name, level: 'fault', run });

/** Milliseconds that a side which is `busy` asks for. */
const askedToWait = 7_000;

/** Every kind of call meets it, and rejects with a fault of these reasons. */
function disturbed(name: string, how: FleetDisturbance, ...reasons: FleetManagerFault['reason'][]) {
  return fault(`${name} is a fault: ${reasons.join(' or ')}`, async (trial) => {
    const device = await enrolled(trial);
    await trial.instance.side.disturb(how);
    for (const [call, make] of Object.entries(calls)) {
      const error = await refused(trial, call, make(trial, device, never()), ...reasons);
      if (how === 'busy') trial.equal(`retryAfter of ${call}, in milliseconds`, error.retryAfter, askedToWait);
      else trial.equal(`retryAfter of ${call}, which nobody asked for`, error.retryAfter, undefined);
    }
    await trial.instance.side.disturb(undefined);
    for (const [call, make] of Object.entries(calls)) {
      await trial.within(`${call}, when all is well again`, make(trial, device, never()));
    }
  });
}

/** A fleet manager that has something else to say, and callers that go away. */
export const faultCases: readonly KitCase<WfmUnderTest>[] = [
  disturbed('a fleet manager that is away', 'away', 'unreachable'),
  disturbed('a connection that breaks', 'cut', 'unreachable'),
  disturbed('an answer that makes no sense', 'garbage', 'unreachable', 'invalid'),
  disturbed('a fleet manager that fails', 'failing', 'unreachable'),
  disturbed('a refusal', 'refused', 'refused'),
  disturbed('what is not found', 'not-found', 'not-found'),
  disturbed('a fleet manager that is busy', 'busy', 'busy'),

  fault('an abort ends a call that nobody answers, with its reason', async (trial) => {
    const device = await enrolled(trial);
    const { side } = trial.instance;
    await side.disturb('silent');
    for (const [call, make] of Object.entries(calls)) {
      const reason = new Error('the caller has changed its mind');
      const abort = new AbortController();
      const asked = side.asked();
      const rejected = trial.rejects(call, make(trial, device, abort.signal));
      const abortWhenAsked = trial.within(`${call} reaches the other side`, asked).then(() => abort.abort(reason));
      const [error] = await Promise.all([rejected, abortWhenAsked]);
      trial.holds(`the rejection of ${call}`, isAbort(error, reason), "the signal's reason, or an AbortError", error);
    }
  }),

  fault('an abort before the call has no effect at the other side', async (trial) => {
    const device = await enrolled(trial);
    const reason = new Error('the caller has changed its mind');
    for (const [call, make] of Object.entries(calls)) {
      const error = await trial.rejects(call, make(trial, device, AbortSignal.abort(reason)));
      trial.holds(`the rejection of ${call}`, isAbort(error, reason), "the signal's reason, or an AbortError", error);
    }
    trial.equal('the reports at the other side', await trial.instance.side.reports(device.id), []);
    trial.equal('the capabilities there', await trial.instance.side.capabilities(device.id), undefined);
  }),
];
