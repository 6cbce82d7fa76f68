import { setImmediate } from 'node:timers/promises';
import type { Outcome } from '../../operation/index.js';
import { LeftoverWatch } from '../binding/leftovers.js';
import type { KitCase } from '../kit.js';
import { KitSkip } from '../trial.js';
import { discard, made, operationOf } from './calls.js';
import type { VendorTrial } from './contract.js';
import type { VendorSample, VendorUnderTest } from './subject.js';

type Run = (trial: VendorTrial) => Promise<void>;
const fault = (name: string, run: Run): KitCase<VendorUnderTest> => ({ name, level: 'fault', run });

/** Reads a stream until it ends, however it does. */
async function end(outcome: Outcome): Promise<void> {
  if (outcome.kind !== 'stream') return;
  try {
    for await (const _ of outcome.items);
  } catch {
    // A stream that is given up on may well say so.
  }
}

function streams(trial: VendorTrial): (sample: VendorSample) => boolean {
  return (sample) => operationOf(trial, sample).output.kind === 'stream';
}

/** Callers that go away, and a vendor that is stopped. */
export const endingCases: readonly KitCase<VendorUnderTest>[] = [
  fault('a stream ends when its caller goes', async (trial) => {
    const { samples } = trial.instance;
    const streaming = streams(trial);
    if (!samples.some(streaming)) throw new KitSkip('there is no sample of a stream');
    for (const sample of samples) {
      const gone = new AbortController();
      const outcome = await made(trial, sample, trial.instance, gone.signal);
      const ended = end(outcome);
      gone.abort(new Error('the caller has gone'));
      await trial.within(`the end of ${sample.operation}`, ended);
    }
  }),

  fault('a stream whose reader leaves ends', async (trial) => {
    const { samples } = trial.instance;
    if (!samples.some(streams(trial))) throw new KitSkip('there is no sample of a stream');
    for (const sample of samples) {
      const gone = new AbortController();
      const outcome = await made(trial, sample, trial.instance, gone.signal);
      await trial.within(`the end of ${sample.operation}`, discard(outcome));
      gone.abort(new Error('the caller has gone'));
    }
  }),

  fault('nothing runs after stop', async (trial) => {
    // By then whoever runs the case has begun what it does for itself.
    await setImmediate();
    const watch = new LeftoverWatch();
    const vendor = await trial.instance.another();
    for (const sample of trial.instance.samples) {
      const gone = new AbortController();
      const ended = end(await made(trial, sample, vendor, gone.signal));
      gone.abort(new Error('the caller has gone'));
      await trial.within(`the end of ${sample.operation}`, ended);
    }
    await trial.within('stop', vendor.stop());
    trial.equal('what is left of it', await watch.left(), []);
  }),
];
