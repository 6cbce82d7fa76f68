import { z } from 'zod';
import type { Operation, Output, StreamItem } from '../operation/index.js';
import { type Answer, type Credentials, type Transport, TransportFault } from '../ports/transport.js';

/**
 * What a caller may say with one call.
 * @experimental
 */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds; that of the client unless told. */
  readonly timeout?: number;
  /** The version that the caller holds: the answer is `not-modified` if it is still the present one. */
  readonly ifNoneMatch?: string | undefined;
  /** The version that the caller believes to change. */
  readonly ifMatch?: string | undefined;
  readonly accept?: string;
  /** The id of the last stream item that was seen. */
  readonly resumeAfter?: string | undefined;
  /** One text for one intent: a call that is made again under it has its effect once. */
  readonly idempotencyKey?: string;
  readonly correlationId?: string;
  /** Bytes of the largest answer that is taken; 16 MiB unless told. */
  readonly answerLimit?: number;
}

/**
 * What a client needs to know of the other side.
 * @experimental
 */
export interface ClientSettings {
  readonly transport: Transport;
  /** Path that the vendor is served under on the other side. */
  readonly prefix: string;
  readonly credentials: Credentials;
  /** Milliseconds for a call; 30,000 unless told. */
  readonly timeout?: number;
  /** Ends all calls and streams of this client; each may have one of its own besides. */
  readonly signal?: AbortSignal;
  /**
   * Makes a key for each call of a `once` operation that comes without one: then the transport may make it again by
   * itself when a connection breaks. For hosts that keep state; others refuse keys.
   */
  readonly idempotencyKey?: () => string;
}

/**
 * Answers of an operation with this output, problems apart.
 * @experimental
 */
export type AnswerOf<O extends Output> =
  | Extract<Answer, { kind: 'not-modified' }>
  | (O extends { readonly kind: 'value'; readonly schema: infer S extends z.ZodType }
      ? Omit<Extract<Answer, { kind: 'value' }>, 'value'> & { readonly value: z.output<S> }
      : O extends { readonly kind: 'stream'; readonly schema: infer S extends z.ZodType }
        ? { readonly kind: 'stream'; readonly items: AsyncIterable<StreamItem<z.output<S>>> }
        : Extract<Answer, { kind: O['kind'] }>);

/**
 * What one mostly wants of an answer: the value, the items, the bytes, or nothing.
 * @experimental
 */
export type ResultOf<O extends Output> = O extends {
  readonly kind: 'value';
  readonly schema: infer S extends z.ZodType;
}
  ? z.output<S>
  : O extends { readonly kind: 'empty' }
    ? undefined
    : Exclude<AnswerOf<O>, { readonly kind: 'not-modified' }>;

/**
 * Named operations: what a vendor's `operations.ts` declares.
 * @experimental
 */
// biome-ignore lint/suspicious/noExplicitAny: the input's type is found again by inference; `any` is the only type that takes operations of all inputs.
export type Operations = Readonly<Record<string, Operation<any, Output>>>;

/**
 * A method for each operation, typed by what it declares, whatever transport carries the call.
 * All reject with {@link Problem} when the other side answers one, with {@link TransportFault} when it does not answer.
 * @experimental
 */
export type Client<T extends Operations> = {
  readonly [K in keyof T]: (
    input: z.input<T[K]['input']>,
    options?: Omit<CallOptions, 'ifNoneMatch'>,
  ) => Promise<ResultOf<T[K]['output']>>;
};

const answerLimit = 16 * 1024 * 1024;
const defaultTimeout = 30_000;

/**
 * @param operations as a vendor declares them; what is no operation is passed over
 * @experimental
 */
export function clientOf<T extends Operations>(operations: T, settings: ClientSettings): Client<T> {
  const methods = Object.entries(operations).map(([name, operation]) => [
    name,
    async (input: never, options?: CallOptions) => result(operation, await call(settings, operation, input, options)),
  ]);
  return Object.fromEntries(methods) as Client<T>;
}

/**
 * One call with everything that its answer says.
 *
 * @throws {@link Problem} as the other side answered it, {@link TransportFault}
 * @experimental
 */
export async function call<I extends z.ZodType, O extends Output>(
  settings: ClientSettings,
  operation: Operation<I, O>,
  input: z.input<I>,
  options: CallOptions = {},
): Promise<AnswerOf<O>> {
  const answer = await answerTo(settings, operation, input, options);
  return checked(operation, answer, settings.transport.address) as AnswerOf<O>;
}

/**
 * One call whose answer is not held to what the operation declares: for other servers than ours, where all that matters
 * is that they did not refuse.
 *
 * @throws {@link Problem} as the other side answered it, {@link TransportFault}
 * @experimental
 */
export async function answerTo<I extends z.ZodType, O extends Output>(
  { transport, prefix, credentials, timeout = defaultTimeout, signal, idempotencyKey }: ClientSettings,
  operation: Operation<I, O>,
  input: z.input<I>,
  options: CallOptions = {},
): Promise<Exclude<Answer, { kind: 'problem' }>> {
  const answer = await transport.call({
    operation: operation as unknown as Operation,
    prefix,
    input: input as Readonly<Record<string, unknown>>,
    headers: headersOf(
      idempotencyKey && operation.idempotency === 'once' ? { idempotencyKey: idempotencyKey(), ...options } : options,
    ),
    credentials,
    signal: eitherOf(signal, options.signal),
    timeout: options.timeout ?? timeout,
    answerLimit: options.answerLimit ?? answerLimit,
  });
  if (answer.kind === 'problem') throw answer.problem;
  return answer;
}

function eitherOf(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal {
  if (one && other) return AbortSignal.any([one, other]);
  return one ?? other ?? new AbortController().signal;
}

function headersOf({
  ifNoneMatch,
  ifMatch,
  accept,
  resumeAfter,
  idempotencyKey,
  correlationId,
}: CallOptions): Record<string, string> {
  return {
    ...(ifNoneMatch !== undefined && { 'if-none-match': `"${ifNoneMatch}"` }),
    ...(ifMatch !== undefined && { 'if-match': `"${ifMatch}"` }),
    ...(accept !== undefined && { accept }),
    ...(resumeAfter !== undefined && { 'last-event-id': resumeAfter }),
    ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
    ...(correlationId !== undefined && { 'x-correlation-id': correlationId }),
  };
}

/** What the operation declares is what the caller gets: anything else is no answer to it. */
function checked({ id, output }: Pick<Operation, 'id' | 'output'>, answer: Answer, from: string): Answer {
  if (answer.kind === 'not-modified') return answer;
  if (answer.kind !== output.kind) throw strange(id, from, `${answer.kind} instead of ${output.kind}`);
  if (answer.kind === 'value' && output.kind === 'value') {
    return { ...answer, value: read(output.schema, answer.value, id, from) };
  }
  if (answer.kind === 'stream' && output.kind === 'stream') {
    return { ...answer, items: itemsRead(output.schema, answer.items, id, from) };
  }
  return answer;
}

async function* itemsRead(
  schema: z.ZodType,
  items: AsyncIterable<StreamItem<unknown>>,
  id: string,
  from: string,
): AsyncGenerator<StreamItem<unknown>, void, undefined> {
  for await (const item of items) yield { ...item, data: read(schema, item.data, id, from) };
}

function read(schema: z.ZodType, value: unknown, id: string, from: string): unknown {
  const { data, error } = schema.safeParse(value);
  if (error) throw strange(id, from, z.prettifyError(error));
  return data;
}

function strange(id: string, from: string, why: string): TransportFault {
  return new TransportFault('invalid', `the answer of ${from} to ${id} cannot be understood: ${why}`);
}

function result({ id }: Operation, answer: Exclude<Answer, { kind: 'problem' }>): unknown {
  switch (answer.kind) {
    case 'value':
      return answer.value;
    case 'empty':
      return undefined;
    case 'not-modified':
      throw new TransportFault('invalid', `${id} was answered "not modified", and nobody had asked`);
    default:
      return answer;
  }
}
