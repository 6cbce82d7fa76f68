import type { Evidence, Principal } from './access.js';
import type { Call } from './operation.js';

/**
 * A call as a binding received it, before anything is believed.
 * @stable since 0.1.0
 */
export interface IncomingCall {
  readonly evidence: Evidence;
  /** The input's parts as the binding read them; called once, after authentication. May throw {@link Problem}. */
  readonly input: () => unknown;
  readonly correlationId?: string | undefined;
  /** May be made on demand: it is looked at only for handlers that do, and when something goes wrong. */
  readonly signal: AbortSignal;
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly accept?: string | undefined;
  readonly resumeAfter?: string | undefined;
  /** Milliseconds that the caller waits for the answer, from now; the operation's own time ends it if that is shorter. */
  readonly timeout?: number | undefined;
  /**
   * A text of the caller's choice by which a call that is made again is known: of an operation that is `once`, the
   * effect is had once for each key, and the same answer given (HTTP: `Idempotency-Key`).
   */
  readonly idempotencyKey?: string | undefined;
}

/** What the handler is given. The signal is made on demand, since most handlers never look at it. */
export class AdmittedCall<I> implements Call<I> {
  readonly evidence: Evidence;
  readonly ifMatch: string | undefined;
  readonly resumeAfter: string | undefined;
  #signal: AbortSignal | undefined;
  #limit: AbortController | undefined;
  #over: Error | undefined;

  constructor(
    private readonly incoming: IncomingCall,
    readonly input: I,
    readonly principal: Principal,
    readonly correlationId: string,
  ) {
    this.evidence = incoming.evidence;
    this.ifMatch = incoming.ifMatch;
    this.resumeAfter = incoming.resumeAfter;
  }

  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      this.#limit = new AbortController();
      if (this.#over) this.#limit.abort(this.#over);
      this.#signal = AbortSignal.any([this.incoming.signal, this.#limit.signal]);
    }
    return this.#signal;
  }

  /** Its time is over: the signal aborts, if it was looked at or ever will be. */
  expire(reason: Error): void {
    this.#over = reason;
    this.#limit?.abort(reason);
  }
}
