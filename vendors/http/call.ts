import type { ServerResponse } from 'node:http';
import type { Evidence, IncomingCall, Operation } from '../../core/operation/index.js';
import { assembleInput } from './request.js';

const correlationForm = /^[\w.:-]{1,128}$/;
const empty = new URLSearchParams();

/** A request as the gate takes it. What few calls need is worked out when it is asked for. */
export class HttpCall implements IncomingCall {
  readonly correlationId: string | undefined;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly accept: string | undefined;
  #signal: AbortSignal | undefined;

  constructor(
    readonly evidence: Evidence,
    private readonly operation: Operation,
    private readonly query: string | undefined,
    private readonly response: ServerResponse,
    private readonly draining: AbortSignal,
  ) {
    const { headers } = evidence;
    const correlation = headers['x-correlation-id'];
    this.correlationId = correlation !== undefined && correlationForm.test(correlation) ? correlation : undefined;
    this.ifMatch = headers['if-match']?.replace(/^"(.*)"$/, '$1');
    this.ifNoneMatch = headers['if-none-match'];
    this.accept = headers['accept'];
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
    this.#signal ??=
      this.operation.output.kind === 'stream'
        ? AbortSignal.any([gone(this.response), this.draining])
        : gone(this.response);
    return this.#signal;
  }
}

/** Aborts when the response's connection closes, or has closed. */
function gone(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  if (response.destroyed) controller.abort();
  else response.once('close', () => controller.abort());
  return controller.signal;
}
