import type { RegistryFault } from '../../ports/index.js';
import { isAbort } from '../disclosure.js';
import type { KitCase } from '../kit.js';
import { at, collect, largeLayer, partOfWant, type RegistryTrial, refused, seeded, wanting, wants } from './means.js';
import { misbehaviours } from './server/index.js';
import type { Misbehaviour } from './server/misbehaviour.js';
import type { RegistryUnderTest } from './subject.js';

type Run = (trial: RegistryTrial) => Promise<void>;
const fault = (name: string, run: Run): KitCase<RegistryUnderTest> => ({ name, level: 'fault', run });

type Want = keyof typeof wants;
const all = Object.keys(wants) as Want[];

const { refusal, reset, nonsense, silent, stalled } = misbehaviours;

/** Every kind of call is answered so, and rejects with a fault of these reasons. */
function answered(name: string, how: Misbehaviour, ...reasons: RegistryFault['reason'][]) {
  return fault(`${name} is a fault: ${reasons.join(' or ')}`, async (trial) => {
    const wanted = wanting(trial);
    for (const want of all) {
      trial.instance.server.behave();
      trial.instance.server.misbehave(partOfWant[want], how);
      await refused(trial, want, wants[want](wanted), ...reasons);
    }
    trial.instance.server.behave();
    for (const want of all) await trial.within(`${want}, when all is well again`, wants[want](wanted));
  });
}

/** What a registry may answer instead, and callers that go away. */
export const faultCases: readonly KitCase<RegistryUnderTest>[] = [
  answered('400', refusal(400), 'refused', 'invalid'),
  answered('401', refusal(401), 'denied'),
  answered('403', refusal(403), 'denied'),
  answered('404', refusal(404), 'not-found'),
  answered('429 with Retry-After', refusal(429, { 'retry-after': '1' }), 'unreachable'),
  answered('500', refusal(500), 'unreachable'),
  answered('503', refusal(503), 'unreachable'),
  answered('a connection that is reset', reset, 'unreachable'),
  answered('what is not HTTP', nonsense, 'unreachable', 'invalid', 'corrupt'),

  fault('a registry that is not there is unreachable', async (trial) => {
    const wanted = wanting(trial);
    await trial.instance.server.stop();
    for (const want of all) await refused(trial, want, wants[want](wanted), 'unreachable');
  }),

  fault('a registry that never answers is unreachable', async (trial) => {
    const wanted = wanting(trial, await trial.instance.another({ impatient: true }));
    for (const want of all) {
      trial.instance.server.behave();
      trial.instance.server.misbehave(partOfWant[want], silent);
      await refused(trial, want, wants[want](wanted), 'unreachable');
    }
  }),

  fault('a blob that stops to come is unreachable', async (trial) => {
    const wanted = wanting(trial, await trial.instance.another({ impatient: true }));
    trial.instance.server.misbehave('blob', stalled);
    for (const want of ['fetch', 'pull'] as const) await refused(trial, want, wants[want](wanted), 'unreachable');
  }),

  fault('an abort ends a call that nobody answers, with its reason', async (trial) => {
    const wanted = wanting(trial);
    for (const want of all) {
      trial.instance.server.behave();
      trial.instance.server.misbehave(partOfWant[want], silent);
      await aborted(trial, want, (signal) => wants[want](wanted, { signal }));
    }
  }),

  fault('an abort ends a blob that stops to come, with its reason', async (trial) => {
    const { descriptor } = largeLayer(seeded(trial));
    trial.instance.server.misbehave('blob', stalled);
    await aborted(trial, 'fetch', (signal) => trial.instance.fetch(at(trial), descriptor, 1_000_000, { signal }));
    await aborted(trial, 'pull', (signal) => collect(trial.instance, at(trial), descriptor, { signal }));
  }),

  fault('an abort before the call asks nobody', async (trial) => {
    const wanted = wanting(trial);
    const reason = new Error('the caller has changed its mind');
    for (const want of all) {
      const error = await trial.rejects(want, wants[want](wanted, { signal: AbortSignal.abort(reason) }));
      trial.holds(`the rejection of ${want}`, isAbort(error, reason), "the signal's reason, or an AbortError", error);
    }
    trial.equal('what the registry was asked', trial.instance.server.requests.length, 0);
  }),
];

/** Aborts as soon as the registry has been asked. */
async function aborted(
  trial: RegistryTrial,
  what: string,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const { server } = trial.instance;
  const abort = new AbortController();
  const reason = new Error('the caller has changed its mind');
  const asked = server.next();
  const rejected = trial.rejects(what, work(abort.signal));
  const abortWhenAsked = trial.within(`the registry is asked by ${what}`, asked).then(() => abort.abort(reason));
  const [error] = await Promise.all([rejected, abortWhenAsked]);
  trial.holds(`the rejection of ${what}`, isAbort(error, reason), "the signal's reason, or an AbortError", error);
}
