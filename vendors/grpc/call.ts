import { randomUUID } from 'node:crypto';
import type { ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import { endedBy } from '../../core/listening/index.js';
import { type CallInput, type CarriedCall, correlationIdIn, Problem, problems } from '../../core/operation/index.js';
import { inputForm, Malformed, type MessageCodec } from './wire/index.js';

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
    // `cancelled` comes after every call's end, too.
    this.#signal ??= endedBy(this.call, 'cancelled', this.call.cancelled, this.place.end);
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
