import type { CallInput } from '../operation/http-form.js';
import type { CacheRule, Operation, Problem, StreamItem } from '../operation/index.js';
import { definePort } from './port.js';

/**
 * A call as the caller makes it, whatever carries it.
 * @experimental
 */
export interface OutgoingCall {
  readonly operation: Operation;
  /** Path that the vendor is served under on the other side: empty, or `/api/v1`. Signatures cover it. */
  readonly prefix: string;
  /** Not validated: the other side does. `undefined` fields are left out. */
  readonly input: CallInput;
  /** Under the names of HTTP in lower case: `if-none-match`, `if-match`, `accept`, `idempotency-key`, `last-event-id`, ... */
  readonly headers: Readonly<Record<string, string>>;
  /** Gives the fields that say who calls. Asked anew for each attempt, for a signed request is taken once. */
  readonly credentials: Credentials;
  /** Ends the call, or the stream that it answered. */
  readonly signal: AbortSignal;
  /** Milliseconds for the whole answer; for the beginning of it, where that is a stream. */
  readonly timeout: number;
  /** Bytes of the largest answer that is taken. */
  readonly answerLimit: number;
}

/**
 * What credentials are made for: the call in its HTTP form, addressed as the other side will see it.
 * @experimental
 */
export interface AddressedCall {
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
}

/**
 * @param call works the HTTP form out: called by credentials that cover it, such as signatures, and by no others
 * @returns fields to add to those of the call
 * @experimental
 */
export type Credentials = (call: () => AddressedCall) => Readonly<Record<string, string>>;

/**
 * What the other side answered; a stream is one answer, its items follow.
 * @experimental
 */
export type Answer =
  | {
      readonly kind: 'value';
      readonly outcome: 'ok' | 'created' | 'accepted';
      readonly value: unknown;
      readonly etag?: string;
      /** Path on the other side, the vendor's prefix included. */
      readonly location?: string;
    }
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'representation';
      readonly outcome: 'ok' | 'unavailable';
      readonly bytes: Uint8Array;
      readonly mediaType: string;
      readonly etag?: string;
      readonly cache?: CacheRule;
    }
  | { readonly kind: 'not-modified'; readonly etag: string }
  | { readonly kind: 'problem'; readonly problem: Problem; readonly challenges: readonly string[] }
  /** Iterating throws {@link TransportFault} when the stream breaks; it returns when the other side ended it, by itself or because it stops. */
  | { readonly kind: 'stream'; readonly items: AsyncIterable<StreamItem<unknown>> };

/**
 * Nobody can say how a call ended: the other side was not reached, or what it said makes no sense.
 * @experimental
 */
export class TransportFault extends Error {
  override readonly name = 'TransportFault';
  constructor(
    /**
     * - `unreachable`: no connection, or it broke.
     * - `untrusted`: the other side's certificate is signed by nobody that is trusted.
     * - `timeout`: connected, and no answer in time.
     * - `invalid`: an answer that is none, or is larger than the caller takes.
     */
    readonly reason: 'unreachable' | 'untrusted' | 'timeout' | 'invalid',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * A caller's line to a host: the other end of a binding.
 *
 * When: until `close`, any calls at the same time. After it calls reject.
 * After a crash: nothing is kept. Streams and connections of the other process are gone, and its calls may have had
 * their effect.
 *
 * What holds:
 * - `call` resolves with what the other side answered, problems included, and rejects with {@link TransportFault} when
 *   there is no answer, or with the signal's reason when that aborted.
 * - It may be made again by itself only where that cannot double an effect: the operation is not `once`, or the call
 *   has an `idempotency-key`. Credentials are asked for anew then.
 * - Calls may be made at the same time. Connections are opened with the first call and kept; changed files of
 *   certificates are taken up without a restart.
 * - Items of a stream are pulled: who does not ask for the next one slows the other side down.
 * @experimental
 */
export interface Transport {
  /** Where it leads, for a person. */
  readonly address: string;
  call(call: OutgoingCall): Promise<Answer>;
  /** Ends what is under way and closes all connections. Safe to call twice. */
  close(): Promise<void>;
}

export const Transport = definePort<Transport>('transport', "A caller's line to a host, by one protocol");
