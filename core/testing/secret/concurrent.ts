import { setImmediate } from 'node:timers/promises';
import type { KitCase } from '../kit.js';
import { get, type SecretTrial } from './means.js';
import type { SecretUnderTest } from './store.js';

type Run = (trial: SecretTrial) => Promise<void>;
const concurrent = (name: string, run: Run): KitCase<SecretUnderTest> => ({ name, level: 'concurrent', run });

/** Many who ask at once. */
export const concurrentCases: readonly KitCase<SecretUnderTest>[] = [
  concurrent('100 callers at once each get the value of their name', async (trial) => {
    const names = Array.from({ length: 100 }, (_, at) => `kit-${at}`);
    for (const name of names) await trial.instance.store.put(name, `value of ${name}`);
    const values = await Promise.all(names.map((name) => get(trial, name)));
    trial.equal(
      'the values',
      values,
      names.map((name) => `value of ${name}`),
    );
  }),

  concurrent('100 callers at once of one name all get its value', async (trial) => {
    await trial.instance.store.put('kit-token', 'value');
    const values = await Promise.all(Array.from({ length: 100 }, () => get(trial, 'kit-token')));
    trial.equal('the different values', [...new Set(values)], ['value']);
  }),

  concurrent('during a rotation a caller gets the old value or the new one, never parts', async (trial) => {
    const values = Array.from({ length: 20 }, (_, at) => String.fromCodePoint(97 + at).repeat(1_000 + at));
    await trial.instance.store.put('kit-token', values[0] ?? '');
    let rotating = true;
    const rotation = (async () => {
      for (const value of values) await trial.instance.store.put('kit-token', value);
    })().finally(() => {
      rotating = false;
    });
    const reader = async (): Promise<void> => {
      while (rotating) {
        const value = await get(trial, 'kit-token');
        trial.holds('a value during the rotation', values.includes(value), 'one that was put there', value);
        // A provider that answers at once must not keep the rotation from going on.
        await setImmediate();
      }
    };
    await trial.within('the rotation', Promise.all([rotation, reader(), reader(), reader()]));
  }),
];
