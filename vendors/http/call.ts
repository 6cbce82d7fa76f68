import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type Ending, endedBy } from '../../core/listening/index.js';
import { correlationIdIn, type Evidence, type IncomingCall, type Operation } from '../../core/operation/index.js';
import { preferencesIn } from './prefer.js';
import { assembleInput } from './request.js';

/** The header field that ties a call to its lines in the log, in a request and in a response. */
export const correlationField = 'x-correlation-id';
const empty = new URLSearchParams();

/** A request as the gate takes it. What few calls need is worked out when it is asked for. */
export class HttpCall implements IncomingCall {
  /** The caller's own, or a new one. */
  readonly correlationId: string;
  /** Whether the caller knows the correlation id already, and looks out for it. */
  readonly correlatedByCaller: boolean;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly accept: string | undefined;
  readonly resumeAfter: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly timeout: number | undefined;
  /** Whether the caller does without the value of a change (RFC 7240). */
  readonly minimal: boolean;
  #signal: AbortSignal | undefined;

  constructor(
    readonly evidence: Evidence,
    private readonly operation: Operation,
    private readonly query: string | undefined,
    private readonly response: ServerResponse,
    private readonly ending: Ending,
  ) {
    const { headers } = evidence;
    const given = correlationIdIn(headers);
    this.correlationId = given ?? randomUUID();
    this.correlatedByCaller = given !== undefined;
    this.ifMatch = headers['if-match']?.replace(/^"(.*)"$/, '$1');
    this.ifNoneMatch = headers['if-none-match'];
    this.accept = headers['accept'];
    // An empty one means that no item had an id (WHATWG HTML section 9.2.6).
    this.resumeAfter = headers['last-event-id'] || undefined;
    this.idempotencyKey = headers['idempotency-key'];
    const { minimal, wait } = preferencesIn(headers['prefer']);
    this.timeout = wait === undefined ? undefined : wait * 1000;
    this.minimal = minimal && operation.idempotency !== 'safe';
  }

  input(): unknown {
    return assembleInput(
      this.operation,
      this.evidence,
      this.query === undefined ? empty : new URLSearchParams(this.query),
    );
  }

  /** A controller and a listener for each request would cost a poll a tenth of its time, and polls never ask. */
  get signal(): AbortSignal {
    const { draining, over } = this.ending;
    const end = this.operation.output.kind === 'stream' ? draining : over;
    this.#signal ??= endedBy(this.response, 'close', this.response.destroyed, end);
    return this.#signal;
  }
}
