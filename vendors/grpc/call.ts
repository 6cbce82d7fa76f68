import { randomUUID } from 'node:crypto';
import type { ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import { type CallInput, type CarriedCall, correlationIdIn, Problem, problems } from '../../core/operation/index.js';
import { inputForm, Malformed, type MessageCodec } from './wire/index.js';

/** How the calls of a server end, when it does not wait for them to end by themselves. */
export interface Ending {
  /** Aborts when the server takes no more work: streams end. */
  readonly draining: AbortSignal;
  /** Aborts when the time to finish what is under way is over. */
  readonly over: AbortSignal;
}

export type ServerCall = ServerUnaryCall<Buffer, Uint8Array> | ServerWritableStream<Buffer, Uint8Array>;

export interface CallPlace {
  readonly scheme: 'http' | 'https';
  /** Whether callers may show certificates: to look for one in each call takes its time. */
  readonly mutual: boolean;
  /** Ends the call when its caller does not. */
  readonly end: AbortSignal;
}

/** A call as the contract takes it. What few calls need is worked out when it is asked for. */
export class GrpcCall implements CarriedCall {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly correlationId: string;
  /** Whether the caller knows the correlation id already, and looks out for it. */
  readonly correlatedByCaller: boolean;
  readonly timeout: number | undefined;
  readonly clientCertificate: Uint8Array | undefined;
  readonly peer: string;
  #signal: AbortSignal | undefined;

  constructor(
    private readonly call: ServerCall,
    private readonly codec: MessageCodec,
    private readonly place: CallPlace,
  ) {
    // Binary fields are no fields of HTTP, and nobody looks for one.
    this.headers = call.metadata.getMap() as Readonly<Record<string, string>>;
    const given = correlationIdIn(this.headers);
    this.correlationId = given ?? randomUUID();
    this.correlatedByCaller = given !== undefined;
    this.timeout = remaining(call.getDeadline());
    this.clientCertificate = place.mutual ? call.getAuthContext().sslPeerCertificate?.raw : undefined;
    this.peer = call.getPeer().replace(/:\d+$/, '');
  }

  get origin(): string {
    return `${this.place.scheme}://${this.call.getHost()}`;
  }

  readonly input = (): CallInput => {
    if (this.headers[inputForm.field] === inputForm.json) return jsonInput(this.call.request);
    try {
      return this.codec.decode(this.call.request) as CallInput;
    } catch (cause) {
      if (!(cause instanceof Malformed)) throw cause;
      throw new Problem(problems.invalidRequest, `the message ${cause.message}`, { cause });
    }
  };

  get signal(): AbortSignal {
    this.#signal ??= until(this.call, this.place.end);
    return this.#signal;
  }
}

function jsonInput(bytes: Uint8Array): CallInput {
  let input: unknown;
  try {
    input = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new Problem(problems.invalidRequest, 'the message is no JSON, and its metadata says that it is', { cause });
  }
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as CallInput;
  throw new Problem(problems.invalidRequest, 'the input must be a JSON object');
}

/** Milliseconds, of a deadline that is a time, or never. */
function remaining(deadline: Date | number): number | undefined {
  const left = Number(deadline) - Date.now();
  return Number.isFinite(left) ? Math.max(0, left) : undefined;
}

/** Aborts when the caller gives up or goes away, and with `end`. */
function until(call: ServerCall, end: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => {
    // `end` outlives its calls; `AbortSignal.any` would have it remember each of them.
    end.removeEventListener('abort', abort);
    call.off('cancelled', abort);
    controller.abort();
  };
  if (call.cancelled || end.aborted) {
    controller.abort();
  } else {
    end.addEventListener('abort', abort);
    // Comes after every call's end, too.
    call.on('cancelled', abort);
  }
  return controller.signal;
}
