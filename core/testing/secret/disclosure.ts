import { SecretFault } from '../../ports/index.js';
import { discloses } from '../disclosure.js';
import type { KitCase } from '../kit.js';
import { overheard } from '../overheard.js';
import { KitSkip } from '../trial.js';
import { comes, get, refused, type SecretTrial, untold } from './means.js';
import type { SecretUnderTest } from './store.js';

type Run = (trial: SecretTrial) => Promise<void>;
const fault = (name: string, run: Run): KitCase<SecretUnderTest> => ({ name, level: 'fault', run });

/** Values that nothing else looks like. */
const kept: Readonly<Record<string, string>> = {
  'kit-token': 'zebra-7f1c token that nobody shall read',
  'kit/password': 'walrus-2d9e password that nobody shall read',
};

async function keep(trial: SecretTrial): Promise<void> {
  for (const [name, value] of Object.entries(kept)) await trial.instance.store.put(name, value);
}

/** Where values must not turn up. */
export const disclosureCases: readonly KitCase<SecretUnderTest>[] = [
  fault('no refusal tells the value of another secret', async (trial) => {
    await keep(trial);
    for (const name of Object.keys(kept)) await get(trial, name);
    await trial.instance.store.put('kit-empty', '');
    for (const [name, reason] of [
      ['kit-nowhere', 'not-found'],
      ['kit-token/below', 'not-found'],
      ['../kit-token', 'invalid'],
      ['kit-empty', 'invalid'],
    ] as const) {
      const error = await refused(trial, name, reason);
      for (const value of Object.values(kept)) untold(trial, error, value);
    }
  }),

  fault('what is damaged is refused without its text', async (trial) => {
    const { store } = trial.instance;
    if (!store.damage) throw new KitSkip('what the store keeps cannot be damaged');
    await keep(trial);
    const mend = await store.damage('kit-token');
    const error = await trial.rejects('get of what is damaged', trial.instance.get('kit-token'));
    const right = error instanceof SecretFault && (error.reason === 'invalid' || error.reason === 'unreachable');
    trial.holds('the rejection', right, 'SecretFault invalid or unreachable', error);
    for (const value of Object.values(kept)) untold(trial, error, value);
    await mend();
    for (const [name, value] of Object.entries(kept)) await comes(trial, name, value);
  }),

  fault('what is read goes neither into the log nor to the console', async (trial) => {
    await keep(trial);
    const written = await overheard(async () => {
      for (const name of Object.keys(kept)) await get(trial, name);
      await refused(trial, 'kit-nowhere', 'not-found');
      await trial.rejects('an aborted get', trial.instance.get('kit-token', AbortSignal.abort()));
    });
    for (const value of Object.values(kept)) {
      trial.holds('what was written to the console', !discloses(written, value), 'nothing of the value', written);
      const { lines } = trial.instance.log;
      trial.holds('what was logged', !discloses(lines, value), 'nothing of the value', lines);
    }
  }),
];
