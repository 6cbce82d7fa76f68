import { Metadata } from '@grpc/grpc-js';
import { fieldsOf, mayRepeat } from '../../../core/client/index.js';
import { type Operation, Problem, problems } from '../../../core/operation/index.js';
import { type Answer, type OutgoingCall, type Transport, TransportFault } from '../../../core/ports/transport.js';
import { Misfit, type NumberLock, type WireCall, wireCallOf, withBuiltin } from '../../../vendors/grpc/wire/index.js';
import { answered } from './answers.js';
import { type Attempt, openStream, unary } from './attempt.js';
import { Channel } from './channel.js';
import type { Ended } from './faults.js';

export interface GrpcLine {
  /** `grpcs://host:port`, or `grpc://host:port` on this machine. */
  readonly url: string;
  /** PEM files, absolute. */
  readonly ca?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  /** Numbers of operations that are not built in. */
  readonly numbers?: () => Promise<NumberLock>;
  /** Told of changed certificates that cannot be used. */
  readonly onFault?: (fault: unknown) => void;
}

/** A line to a host over gRPC, for who has no profile. */
export function grpcTransport(line: GrpcLine): Transport {
  return new GrpcTransport(line);
}

/** The caller's end of `binding.grpc`. */
export class GrpcTransport implements Transport {
  readonly address: string;
  readonly #origin: string;
  readonly #channel: Channel;
  readonly #closed = new AbortController();
  /** What is declared once is compiled once. */
  readonly #calls = new WeakMap<Operation, WireCall>();
  #numbers: Promise<NumberLock> | undefined;

  constructor(private readonly line: GrpcLine) {
    const url = new URL(line.url);
    const secure = url.protocol === 'grpcs:';
    const authority = `${url.hostname}:${url.port || '9443'}`;
    this.address = `${url.protocol}//${authority}`;
    this.#origin = `${secure ? 'https' : 'http'}://${authority}`;
    this.#channel = new Channel({
      authority,
      secure,
      ca: line.ca,
      certificate: line.certificate,
      key: line.key,
      onFault: line.onFault ?? (() => undefined),
    });
  }

  async call(call: OutgoingCall): Promise<Answer> {
    call.signal.throwIfAborted();
    if (this.#closed.signal.aborted) throw new TransportFault('unreachable', `the line to ${this.address} is closed`);
    const wire = await this.#wireOf(call.operation);
    let message: Uint8Array;
    try {
      message = wire.request.encode(call.input);
    } catch (error) {
      if (error instanceof Misfit) return misfit(error);
      throw error;
    }
    const until = Date.now() + call.timeout;
    const first = await this.#attempt(call, wire, message, until);
    if (first.kind !== 'fault') return first;
    if (!first.broke || !mayRepeat(call) || Date.now() >= until) throw first.fault;
    // The host may have gone and come back since the last call: whoever sent it nothing loses nothing.
    const second = await this.#attempt(call, wire, message, until);
    if (second.kind === 'fault') throw second.fault;
    return second;
  }

  async close(): Promise<void> {
    this.#closed.abort(new TransportFault('unreachable', `the line to ${this.address} was closed`));
    this.#channel.close();
  }

  async #attempt(
    call: OutgoingCall,
    wire: WireCall,
    message: Uint8Array,
    until: number,
  ): Promise<Answer | Extract<Ended, { kind: 'fault' }>> {
    const attempt: Attempt = {
      client: await this.#channel.client(call.answerLimit),
      wire,
      message,
      metadata: this.#metadataOf(call),
      until,
      signal: AbortSignal.any([call.signal, this.#closed.signal]),
      address: this.address,
      operation: call.operation.id,
    };
    if (wire.streams) return openStream(attempt);
    const end = await unary(attempt);
    return end.kind === 'message' ? answered(call, wire, end.bytes, end.metadata, this.address) : end;
  }

  #metadataOf(call: OutgoingCall): Metadata {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(fieldsOf(call, this.#origin))) metadata.set(name, value);
    return metadata;
  }

  async #wireOf(operation: Operation): Promise<WireCall> {
    const known = this.#calls.get(operation);
    if (known) return known;
    this.#numbers ??= this.line.numbers?.() ?? Promise.resolve({});
    const wire = wireCallOf(operation, withBuiltin(await this.#numbers));
    this.#calls.set(operation, wire);
    return wire;
  }
}

/** What cannot be said over gRPC is refused as the other side would: no message has room for it. */
function misfit({ path, message }: Misfit): Answer {
  const field = path.join('.');
  return {
    kind: 'problem',
    problem: new Problem(problems.semanticError, `${field || 'input'}: ${message}`, { errors: [{ field, message }] }),
    challenges: [],
  };
}
