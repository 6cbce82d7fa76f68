import type { KitCase } from '../kit.js';
import { KitSkip } from '../trial.js';
import { comparable, discard, made, operationOf, unchanged, view } from './calls.js';
import type { VendorTrial } from './contract.js';
import { mightiest, type VendorSample, type VendorUnderTest } from './subject.js';

type Run = (trial: VendorTrial) => Promise<void>;
const idempotent = (name: string, run: Run): KitCase<VendorUnderTest> => ({ name, level: 'idempotent', run });

/** Makes all samples in their order, and looks around each of those that `of` picks. */
async function around(
  trial: VendorTrial,
  of: (sample: VendorSample) => boolean,
  look: (sample: VendorSample) => Promise<void>,
): Promise<void> {
  const { samples } = trial.instance;
  if (!samples.some(of)) throw new KitSkip('there is no sample of such an operation');
  for (const sample of samples) {
    if (of(sample)) await look(sample);
    else await discard(await made(trial, sample));
  }
}

/** What calling again does. */
export const effectCases: readonly KitCase<VendorUnderTest>[] = [
  idempotent('a safe operation changes nothing, and answers the same again', async (trial) => {
    const safe = (sample: VendorSample): boolean => {
      const { idempotency, output } = operationOf(trial, sample);
      return idempotency === 'safe' && output.kind !== 'stream';
    };
    await around(trial, safe, async (sample) => {
      const before = await view(trial);
      const first = await made(trial, sample);
      unchanged(trial, sample.operation, before, await view(trial));
      const second = await made(trial, sample);
      if (sample.varies !== true) {
        trial.equal(`the second answer to ${sample.operation}`, comparable(second), comparable(first));
      }
    });
  }),

  idempotent('an idempotent operation that is called again has no further effect', async (trial) => {
    const repeatable = (sample: VendorSample): boolean => operationOf(trial, sample).idempotency === 'idempotent';
    await around(trial, repeatable, async (sample) => {
      await discard(await made(trial, sample));
      const before = await view(trial);
      const { input = {}, as = mightiest(operationOf(trial, sample)) } = sample;
      // How a second call is answered is the vendor's affair: that a thing is gone already may be a problem to it.
      const { outcome } = await trial.within(sample.operation, trial.instance.call(sample.operation, input, as));
      await discard(outcome);
      unchanged(trial, `a second ${sample.operation}`, before, await view(trial));
    });
  }),
];
