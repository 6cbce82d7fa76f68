import type { Evidence } from './access.js';
import type { IncomingCall } from './call.js';
import { type CallInput, type HttpForm, httpForm } from './http-form.js';
import type { MountedOperation } from './mounted.js';

/**
 * A call as a binding that is not HTTP received it.
 * @stable since 0.1.0
 */
export interface CarriedCall {
  /** Scheme and authority by which the caller addressed the host: `https://host:9443`, `mqtt://tutti`. */
  readonly origin: string;
  /** What came beside the input, under the names of HTTP in lower case; lists joined with `, `. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The input, nothing of it believed yet. Called when it is first needed; throws Problem for what cannot be read. */
  readonly input: () => CallInput;
  /** Aborts when the caller gives up or goes away, and with the drain: streams at once, all else at its deadline. */
  readonly signal: AbortSignal;
  /** Milliseconds that the caller waits. */
  readonly timeout?: number | undefined;
  /** That of the headers unless told. */
  readonly correlationId?: string | undefined;
  /** DER of the client certificate that the transport verified. */
  readonly clientCertificate?: Uint8Array | undefined;
  /** Common name of a client certificate that somebody before the host verified, and vouches for, such as a broker. */
  readonly clientName?: string | undefined;
  /** The remote address of the connection, where there is one: callers that are not known yet are limited by it. */
  readonly peer?: string | undefined;
}

const correlationForm = /^[\w.:-]{1,128}$/;

/**
 * @returns `undefined` where there is none, or none that is fit for a log
 * @experimental
 */
export function correlationIdIn(headers: Evidence['headers']): string | undefined {
  const given = headers['x-correlation-id'];
  return given !== undefined && correlationForm.test(given) ? given : undefined;
}

/**
 * What the gate takes, of a call that was not carried by HTTP.
 * @stable since 0.1.0
 */
export function incomingCall(mounted: MountedOperation, call: CarriedCall): IncomingCall {
  const { headers } = call;
  let input: CallInput | undefined;
  const read = (): CallInput => {
    input ??= call.input();
    return input;
  };
  return {
    evidence: new FormEvidence(mounted, call, read),
    input: read,
    // It may be made on demand.
    get signal() {
      return call.signal;
    },
    timeout: call.timeout,
    correlationId: call.correlationId ?? correlationIdIn(headers),
    ifMatch: headers['if-match']?.replace(/^"(.*)"$/, '$1'),
    ifNoneMatch: headers['if-none-match'],
    accept: headers['accept'],
    resumeAfter: headers['last-event-id'] || undefined,
    idempotencyKey: headers['idempotency-key'],
  };
}

/**
 * Target and body are those that the operation's HTTP shape gives the input. Worked out when an authenticator asks; a
 * token never does.
 */
class FormEvidence implements Evidence {
  readonly method: string;
  readonly headers: Evidence['headers'];
  readonly clientCertificate?: Uint8Array;
  readonly clientName?: string;
  readonly peer: string | undefined;
  #form: HttpForm | undefined;

  constructor(
    private readonly mounted: MountedOperation,
    private readonly call: Omit<CarriedCall, 'input'>,
    private readonly input: () => CallInput,
  ) {
    this.method = mounted.operation.http.method;
    this.headers = call.headers;
    this.peer = call.peer;
    if (call.clientCertificate) this.clientCertificate = call.clientCertificate;
    if (call.clientName !== undefined) this.clientName = call.clientName;
  }

  get targetUri(): string {
    return this.call.origin + this.#derived().target;
  }

  get body(): Uint8Array | undefined {
    return this.#derived().body;
  }

  get params(): Readonly<Record<string, string>> {
    return this.#derived().params;
  }

  #derived(): HttpForm {
    this.#form ??= httpForm(this.mounted.operation, this.mounted.prefix, this.input());
    return this.#form;
  }
}
