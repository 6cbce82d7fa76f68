import type { z } from 'zod';
import type { Access, Evidence, Principal } from './access.js';
import type { Problem, ProblemType } from './problem.js';
import type { Reply } from './reply.js';

/**
 * What repeating a call does.
 * - `safe`: changes nothing. Its credentials may be used again, for as long as they count.
 * - `idempotent`: the same effect as once, so a caller that heard no answer may call again.
 * - `once`: each call has its own effect.
 *
 * Of all that is not `safe`, the same signed request is taken only once, on every binding: who calls again signs anew.
 * @stable since 0.1.0
 */
export type Idempotency = 'safe' | 'idempotent' | 'once';

/**
 * What kind of reply an operation gives; bindings plan for it.
 * @stable since 0.1.0
 */
export type Output =
  | { readonly kind: 'value'; readonly schema: z.ZodType }
  | { readonly kind: 'empty' }
  | { readonly kind: 'representation'; readonly mediaTypes: readonly string[] }
  | { readonly kind: 'stream'; readonly schema: z.ZodType };

/**
 * The operation's shape on HTTP; also the form that signatures cover on every binding.
 * @stable since 0.1.0
 */
export interface HttpShape {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/devices/{deviceId}`; `{name+}` takes the rest of the path, slashes included. Relative to the vendor's prefix. */
  readonly path: string;
  /** Further templates that answer the same. */
  readonly aliases?: readonly string[];
  /** Input fields that come from the query, and they alone do. All others that the path does not name come from the JSON body. */
  readonly query?: readonly string[];
  /** The one input field that is the whole JSON body, where the body is a document with fields of its own. */
  readonly body?: string;
}

/**
 * One typed contract, declared once and served by every binding.
 * @stable since 0.1.0
 */
export interface Operation<I extends z.ZodType = z.ZodType, O extends Output = Output> {
  /** `<noun>.<verb>`, unique in a host. */
  readonly id: string;
  readonly summary: string;
  readonly input: I;
  readonly output: O;
  /** The problems that its handler may answer, beside those of the contract itself. */
  readonly problems: readonly ProblemType[];
  readonly access: Access<z.output<I>>;
  readonly idempotency: Idempotency;
  /** Bytes of the largest body; 1 MiB unless told. */
  readonly bodyLimit?: number;
  /**
   * Milliseconds that the handler may take; 30,000 unless told; streams have no limit. The caller is answered then,
   * whether the handler heeds its signal or not; earlier, when the caller does not wait that long.
   */
  readonly timeout?: number;
  readonly http: HttpShape;
}

/**
 * What a handler is given.
 * @stable since 0.1.0
 */
export interface Call<I> {
  readonly input: I;
  readonly principal: Principal;
  readonly evidence: Evidence;
  readonly correlationId: string;
  /**
   * Aborts when the caller goes away or the time is over. A host that drains finishes what is under way: it aborts
   * streams at once, all else at the drain's deadline.
   */
  readonly signal: AbortSignal;
  /** The caller's `If-Match`, unquoted: the version that it believes to change. */
  readonly ifMatch?: string | undefined;
  /** The `id` of the last stream item that the caller saw before it came back (HTTP: `Last-Event-ID`). */
  readonly resumeAfter?: string | undefined;
}

/**
 * Carries out a call that was let in. Throws {@link Problem} to answer one that the operation declares; anything else
 * that is thrown is answered as an internal error and logged.
 * @stable since 0.1.0
 */
export type Handler<I> = (call: Call<I>) => Promise<Reply<unknown>> | Reply<unknown>;

/**
 * An operation with its handler.
 * @stable since 0.1.0
 */
export interface ServedOperation {
  readonly operation: Operation;
  readonly handler: Handler<never>;
  /** How the vendor's dialect words a problem (other type URIs, further members). Applied to every problem of this operation. */
  readonly present?: (problem: Problem) => Problem;
  /** Told of each call that the access rule refuses: whose it was, and why. For audits. */
  readonly refused?: (principal: Principal, input: unknown, why: string) => void;
}

/**
 * Declares an operation; its input and output types are inferred from their schemas.
 * @stable since 0.1.0
 */
export function defineOperation<I extends z.ZodType, const O extends Output>(
  operation: Operation<I, O>,
): Operation<I, O> {
  return Object.freeze(operation);
}

/**
 * Joins an operation with its handler, whose input is typed by the operation.
 *
 * @param present words every problem of this operation in the vendor's dialect
 * @stable since 0.1.0
 */
export function serve<I extends z.ZodType, O extends Output>(
  operation: Operation<I, O>,
  handler: Handler<z.output<I>>,
  present?: (problem: Problem) => Problem,
): ServedOperation {
  return {
    operation: operation as unknown as Operation,
    handler: handler as Handler<never>,
    ...(present && { present }),
  };
}
