import { SecretFault } from '../../ports/index.js';
import { isAbort } from '../disclosure.js';
import type { KitCase } from '../kit.js';
import { KitSkip } from '../trial.js';
import { comes, failsAtLast, get, type SecretTrial, untold } from './means.js';
import type { SecretUnderTest } from './store.js';

type Run = (trial: SecretTrial) => Promise<void>;
const fault = (name: string, run: Run): KitCase<SecretUnderTest> => ({ name, level: 'fault', run });

/** Callers that go away, and a store that is away. */
export const faultCases: readonly KitCase<SecretUnderTest>[] = [
  fault('a call that is aborted before it begins rejects with the abort', async (trial) => {
    await trial.instance.store.put('kit-token', 'value');
    const reason = new Error('the caller has changed its mind');
    const error = await trial.rejects('get', trial.instance.get('kit-token', AbortSignal.abort(reason)));
    trial.holds('the rejection', isAbort(error, reason), "the signal's reason, or an AbortError", error);
    trial.equal('get without a signal', await get(trial, 'kit-token'), 'value');
  }),

  fault('an abort under way ends the call, and harms no other', async (trial) => {
    await trial.instance.store.put('kit-token', 'value');
    const reason = new Error('the caller has changed its mind');
    const abort = new AbortController();
    const leaving = trial.instance.get('kit-token', abort.signal).then(
      (value) => value,
      (error: unknown) => error,
    );
    const staying = get(trial, 'kit-token');
    abort.abort(reason);
    const [ended, value] = await Promise.all([trial.within('the aborted call', leaving), staying]);
    const right = ended === 'value' || isAbort(ended, reason);
    trial.holds('how the aborted call ended', right, "the value, the signal's reason, or an AbortError", ended);
    trial.equal('what another caller gets', value, 'value');
  }),

  fault('a store that is away is unreachable, and serves again when it is back', async (trial) => {
    const { store } = trial.instance;
    if (!store.breakDown) throw new KitSkip('the store cannot be made unreachable');
    await store.put('kit-token', 'a value of long ago');
    await store.put('kit-other', 'another value');
    await get(trial, 'kit-token');
    const mend = await store.breakDown();
    const error = await trial.rejects('get', trial.instance.get('kit-other'));
    const right = error instanceof SecretFault && error.reason === 'unreachable';
    trial.holds('the rejection', right, 'SecretFault unreachable', error);
    untold(trial, error, 'a value of long ago');
    untold(trial, error, 'another value');
    await mend();
    await comes(trial, 'kit-other', 'another value');
  }),

  fault('a value that was read before is not served for ever by a store that is away', async (trial) => {
    const { store } = trial.instance;
    if (!store.breakDown) throw new KitSkip('the store cannot be made unreachable');
    await store.put('kit-token', 'a value of long ago');
    await get(trial, 'kit-token');
    const mend = await store.breakDown();
    const error = await failsAtLast(trial, 'kit-token');
    const right = error instanceof SecretFault && error.reason === 'unreachable';
    trial.holds('the rejection', right, 'SecretFault unreachable', error);
    await mend();
    await comes(trial, 'kit-token', 'a value of long ago');
  }),
];
