import { isDeepStrictEqual } from 'node:util';
import type { Operation, Outcome, StreamItem } from '../../operation/index.js';
import { KitFailure, show } from '../trial.js';
import { served, type VendorTrial } from './contract.js';
import { type Heard, mightiest, type VendorSample, type VendorUnderTest } from './subject.js';

/** The operation of a sample. */
export function operationOf(trial: VendorTrial, { operation: id }: VendorSample): Operation {
  const found = served(trial).find((operation) => operation.id === id);
  if (!found) throw new KitFailure('a sample', `an operation ${id}`, `only ${served(trial).map((each) => each.id)}`);
  return found;
}

/** Makes the call of a sample, and checks that it ends as the operation declares and the sample says. */
export async function made(
  trial: VendorTrial,
  sample: VendorSample,
  vendor: VendorUnderTest = trial.instance,
  signal?: AbortSignal,
): Promise<Outcome> {
  const { input = {}, as = mightiest(operationOf(trial, sample)) } = sample;
  const what = `${sample.operation}(${JSON.stringify(input)})`;
  const { outcome, failure } = await trial.within(what, vendor.call(sample.operation, input, as, signal));
  sound(what, { outcome, failure });
  const problem = outcome.kind === 'problem' ? outcome.problem.kind.type : undefined;
  const detail = outcome.kind === 'problem' ? outcome.problem.detail : undefined;
  trial.holds(`the problem of ${what}`, problem === sample.problem, sample.problem ?? 'none', detail ?? problem);
  if (sample.value !== undefined) {
    const value = outcome.kind === 'value' ? overJson(outcome.value) : outcome.kind;
    trial.equal(`the answer to ${what}`, value, sample.value);
  }
  return outcome;
}

/** A vendor that fails by itself is wrong, whatever it was asked. */
export function sound(what: string, { outcome, failure }: Heard): void {
  if (failure !== undefined)
    throw new KitFailure(`the answer to ${what}`, 'what the operation declares', show(failure));
  if (outcome.kind === 'problem' && outcome.problem.kind.status === 500) {
    throw new KitFailure(`the answer to ${what}`, 'anything but 500', outcome.problem.detail);
  }
}

/** What of an answer can be compared with another. */
export function comparable(outcome: Outcome): unknown {
  switch (outcome.kind) {
    case 'value':
      return { kind: 'value', value: overJson(outcome.value), etag: outcome.etag };
    case 'representation':
      return { ...outcome, bytes: Buffer.from(outcome.bytes).toString('latin1') };
    case 'problem':
      return { kind: 'problem', type: outcome.problem.kind.type };
    default:
      return { kind: outcome.kind };
  }
}

/** What all safe samples are answered: as much of the vendor's state as callers can see. */
export async function view(trial: VendorTrial): Promise<ReadonlyMap<VendorSample, unknown>> {
  const seen = new Map<VendorSample, unknown>();
  for (const sample of trial.instance.samples) {
    const { idempotency, output } = operationOf(trial, sample);
    if (idempotency !== 'safe' || output.kind === 'stream' || sample.varies === true) continue;
    const { input = {}, as = mightiest(operationOf(trial, sample)) } = sample;
    const heard = await trial.within(sample.operation, trial.instance.call(sample.operation, input, as));
    seen.set(sample, comparable(heard.outcome));
  }
  return seen;
}

/** Checks that callers see the same as before. */
export function unchanged(
  trial: VendorTrial,
  by: string,
  before: ReadonlyMap<VendorSample, unknown>,
  after: ReadonlyMap<VendorSample, unknown>,
): void {
  for (const [sample, answer] of after) {
    if (isDeepStrictEqual(answer, before.get(sample))) continue;
    trial.equal(
      `what ${sample.operation}(${JSON.stringify(sample.input ?? {})}) answers after ${by}`,
      answer,
      before.get(sample),
    );
  }
}

/** Ends a stream that nobody wants to read. */
export async function discard(outcome: Outcome): Promise<void> {
  if (outcome.kind !== 'stream') return;
  const items: AsyncIterator<StreamItem<unknown>> = outcome.items[Symbol.asyncIterator]();
  await items.return?.();
}

function overJson(value: unknown): unknown {
  const text: string | undefined = JSON.stringify(value);
  return text === undefined ? undefined : JSON.parse(text);
}
