import type { CallInput, Problem, ProblemType, StreamItem } from '../../../operation/index.js';
import { type Answer, TransportFault } from '../../../ports/transport.js';
import type { KitCase } from '../../kit.js';
import { KitFailure, show, type Trial } from '../../trial.js';
import type { BindingUnderTest, ToyCall } from '../subject.js';
import type { ToyName } from '../toy/operations.js';
import { hidden } from '../toy/vendor.js';

export type BindingTrial = Trial<BindingUnderTest>;
type Run = (trial: BindingTrial) => Promise<void>;
export const basic = (name: string, run: Run): KitCase<BindingUnderTest> => ({ name, level: 'basic', run });
export const idempotent = (name: string, run: Run): KitCase<BindingUnderTest> => ({ name, level: 'idempotent', run });
export const concurrent = (name: string, run: Run): KitCase<BindingUnderTest> => ({ name, level: 'concurrent', run });
export const fault = (name: string, run: Run): KitCase<BindingUnderTest> => ({ name, level: 'fault', run });

type Of<K extends Answer['kind']> = Extract<Answer, { readonly kind: K }>;

/** Calls, and expects an answer of a kind. */
export async function answered<K extends Answer['kind']>(
  trial: BindingTrial,
  kind: K,
  name: ToyName,
  input: CallInput,
  options?: ToyCall,
): Promise<Of<K>> {
  const answer = await answerTo(trial, name, kind, trial.instance.call(name, input, options));
  if (answer.kind === kind) return answer as Of<K>;
  throw new KitFailure(`the answer to ${name}`, kind, describe(answer));
}

/** Calls, and expects a problem of a type. */
export async function refused(
  trial: BindingTrial,
  { type }: ProblemType,
  name: ToyName,
  input: CallInput,
  options?: ToyCall,
): Promise<Of<'problem'>> {
  const wanted = `the problem ${type}`;
  const answer = await answerTo(trial, name, wanted, trial.instance.call(name, input, options));
  if (answer.kind === 'problem' && answer.problem.kind.type === type) return answer;
  throw new KitFailure(`the answer to ${name}`, wanted, describe(answer));
}

async function answerTo(trial: BindingTrial, name: ToyName, wanted: string, call: Promise<Answer>): Promise<Answer> {
  const what = `the answer to ${name}`;
  try {
    return await trial.within(what, call);
  } catch (error) {
    if (error instanceof KitFailure) throw error;
    throw new KitFailure(what, wanted, String(error), { cause: error });
  }
}

/** What ended a call that may end in more than one way. */
export type Ending = { readonly answer: Answer } | { readonly error: unknown };

/** May be waited for later, or never, where a case fails before. */
export function ending(trial: BindingTrial, what: string, call: Promise<Answer>): Promise<Ending> {
  const ended: Promise<Ending> = call.then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error }),
  );
  const waited = trial.within(what, ended);
  waited.catch(() => undefined);
  return waited;
}

export function describeEnding(end: Ending): string {
  return 'answer' in end ? describe(end.answer) : String(end.error);
}

/** Whether a call got nowhere: nobody was reached, or nobody answered, or somebody said that nobody is there. */
export function gotNowhere(end: Ending): boolean {
  if ('error' in end) return isFault(end.error, 'unreachable', 'timeout');
  return end.answer.kind === 'problem' && end.answer.problem.kind.status === 503;
}

export function isFault(error: unknown, ...reasons: TransportFault['reason'][]): error is TransportFault {
  return error instanceof TransportFault && reasons.includes(error.reason);
}

/** An answer, short enough for one line. */
export function describe(answer: Answer): string {
  if (answer.kind === 'problem') return `the problem ${answer.problem.kind.type} (${answer.problem.detail})`;
  if (answer.kind === 'value') return `the value ${show(answer.value)}`;
  if (answer.kind === 'representation') return `a representation of ${answer.bytes.byteLength} bytes`;
  return answer.kind;
}

export function sameBytes(trial: BindingTrial, what: string, found: Uint8Array, expected: Uint8Array): void {
  trial.holds(what, found instanceof Uint8Array, 'bytes', typeof found);
  const at = expected.findIndex((byte, index) => found[index] !== byte);
  if (at >= 0) {
    const hex = (byte: number | undefined): string => (byte === undefined ? 'the end' : `0x${byte.toString(16)}`);
    throw new KitFailure(what, `byte ${at} of ${expected.length} as it was, ${hex(expected[at])}`, hex(found[at]));
  }
  trial.equal(`${what}: how many bytes`, found.byteLength, expected.byteLength);
}

/** All items of a stream that ends. */
export async function collected(
  trial: BindingTrial,
  what: string,
  items: AsyncIterable<StreamItem<unknown>>,
): Promise<StreamItem<unknown>[]> {
  const found: StreamItem<unknown>[] = [];
  const reading = async (): Promise<void> => {
    for await (const item of items) found.push(item);
  };
  await trial.within(what, reading());
  return found;
}

/** An exception's text is for the log of the host alone. */
export function holdsNothingHidden(trial: BindingTrial, what: string, problem: Problem | Error): void {
  const body = 'body' in problem ? problem.body() : {};
  const text = `${problem.message} ${JSON.stringify(body)} ${String(problem.cause ?? '')}`;
  trial.holds(what, !text.includes(hidden) && !/\bat .+:\d+:\d+/.test(text), 'nothing of the exception', text);
}
