import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import type { Operation, Outcome } from '../../operation/index.js';
import type { KitCase } from '../kit.js';
import { KitFailure, KitSkip } from '../trial.js';
import { discard, made, operationOf, sound } from './calls.js';
import { served, type VendorTrial } from './contract.js';
import { malformed } from './malformed.js';
import { mightiest, type VendorSample, type VendorUnderTest } from './subject.js';

type Run = (trial: VendorTrial) => Promise<void>;
const basic = (name: string, run: Run): KitCase<VendorUnderTest> => ({ name, level: 'basic', run });

/** For each operation one call: its first sample, or one without input. */
function oneEach(trial: VendorTrial): readonly VendorSample[] {
  return served(trial).map(
    ({ id }) => trial.instance.samples.find(({ operation }) => operation === id) ?? { operation: id },
  );
}

/** Makes a call that may be nonsense; what is no input must be refused, and nothing may end in a 500. */
async function tried(trial: VendorTrial, sample: VendorSample, input: unknown): Promise<void> {
  const operation = operationOf(trial, sample);
  const what = `${operation.id}(${text(input)})`;
  const gone = new AbortController();
  const called = trial.instance.call(operation.id, input, sample.as ?? mightiest(operation), gone.signal);
  const heard = await trial.within(what, called);
  sound(what, heard);
  if (heard.outcome.kind !== 'problem' && !takes(operation, input)) {
    throw new KitFailure(`the answer to ${what}`, 'a problem: the input is none', heard.outcome.kind);
  }
  gone.abort(new Error('the kit has seen enough'));
  await trial.within(`the end of ${what}`, discard(heard.outcome));
}

/** Reads the first item of a stream, if one is there, and leaves. */
async function begun({ operation }: VendorSample, outcome: Outcome, gone: AbortController): Promise<void> {
  if (outcome.kind !== 'stream') return;
  const items = outcome.items[Symbol.asyncIterator]();
  let failure: unknown;
  const first = items.next().catch((error: unknown) => {
    // Once nobody listens, a stream may end as it likes.
    if (!gone.signal.aborted) failure = error;
  });
  await Promise.race([first, turns()]);
  gone.abort(new Error('the kit has seen enough'));
  await first;
  await items.return?.();
  if (failure !== undefined) throw new KitFailure(`the stream of ${operation}`, 'declared items', String(failure));
}

/** Lets happen what happens at once. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
}

function takes({ input: schema }: Operation, input: unknown): boolean {
  const json: string | undefined = JSON.stringify(input);
  return schema.safeParse(json === undefined ? undefined : JSON.parse(json)).success;
}

function text(input: unknown): string {
  const json = JSON.stringify(input) ?? 'undefined';
  return json.length > 120 ? `${json.slice(0, 120)}...` : json;
}

/** What callers are answered. */
export const answerCases: readonly KitCase<VendorUnderTest>[] = [
  basic('each sample is answered as its operation declares', async (trial) => {
    if (trial.instance.samples.length === 0) throw new KitSkip('there are no samples');
    for (const sample of trial.instance.samples) {
      const gone = new AbortController();
      const outcome = await made(trial, sample, trial.instance, gone.signal);
      await begun(sample, outcome, gone);
    }
  }),

  basic('every operation has a sample', async (trial) => {
    const sampled = new Set(trial.instance.samples.map(({ operation }) => operation));
    const without = served(trial).filter(({ id }) => !sampled.has(id));
    if (without.length > 0) throw new KitSkip(`there is no sample of ${without.map(({ id }) => id).join(', ')}`);
  }),

  basic('who is not known is not let in where credentials are needed', async (trial) => {
    for (const { operation: id, input = {} } of oneEach(trial)) {
      const { access } = operationOf(trial, { operation: id });
      if (access.kinds.length === 0) continue;
      const { outcome } = await trial.within(id, trial.instance.call(id, input, 'anonymous'));
      const status = outcome.kind === 'problem' ? outcome.problem.kind.status : outcome.kind;
      trial.equal(`the status of ${id} without credentials`, status, 401);
    }
  }),

  basic('malformed input is refused, and never ends in a 500', async (trial) => {
    for (const sample of oneEach(trial)) {
      for (const input of malformed(sample.input ?? {})) await tried(trial, sample, input);
    }
  }),

  {
    name: 'no input at all ends in a 500',
    level: 'model',
    async run(trial) {
      for (const sample of oneEach(trial)) await randomly(trial, sample);
    },
  },
];

/** A good input with one field of random JSON, or random JSON alone. */
async function randomly(trial: VendorTrial, sample: VendorSample): Promise<void> {
  const { input = {} } = sample;
  const names = Object.keys(input);
  const field = names.length > 0 ? fc.constantFrom(...names) : fc.string();
  const varied = fc.tuple(field, fc.jsonValue()).map(([name, value]): unknown => ({ ...input, [name]: value }));
  const property = fc.asyncProperty(fc.oneof(varied, fc.jsonValue()), (given) => tried(trial, sample, given));
  const result = await fc.check(property, { seed: trial.seed, numRuns: trial.histories });
  if (!result.failed) return;
  const { errorInstance: cause } = result;
  throw cause instanceof KitFailure ? cause : new KitFailure(sample.operation, 'no error', String(cause), { cause });
}
