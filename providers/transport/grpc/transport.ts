import { Metadata } from '@grpc/grpc-js';
import { fieldsOf, mayRepeat } from '../../../core/client/index.js';
import type { Operation } from '../../../core/operation/index.js';
import { type Answer, type OutgoingCall, type Transport, TransportFault } from '../../../core/ports/transport.js';
import {
  inputForm,
  isUntyped,
  Misfit,
  type NumberLock,
  outputForm,
  untypedCallOf,
  type WireCall,
  wireCallOf,
  withBuiltin,
} from '../../../vendors/grpc/wire/index.js';
import { answered } from './answers.js';
import { type Attempt, openStream, unary } from './attempt.js';
import { Channel } from './channel.js';
import type { Ended } from './faults.js';
import { urlFault } from './settings.js';

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

  /** @throws Error when the address cannot be that of a host */
  constructor(private readonly line: GrpcLine) {
    const fault = urlFault(line.url);
    if (fault !== undefined) throw new Error(`${line.url}: ${fault}`);
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
    const message = requestOf(call, wire);
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
    message: Message,
    until: number,
  ): Promise<Answer | Extract<Ended, { kind: 'fault' }>> {
    const attempt: Attempt = {
      client: await this.#channel.client(call.answerLimit),
      wire,
      message: message.bytes,
      metadata: this.#metadataOf(call, message.json),
      until,
      signal: AbortSignal.any([call.signal, this.#closed.signal]),
      address: this.address,
      operation: call.operation.id,
    };
    if (wire.streams) return openStream(attempt);
    const end = await unary(attempt);
    return end.kind === 'message' ? answered(call, wire, end.bytes, end.metadata, this.address) : end;
  }

  #metadataOf(call: OutgoingCall, json: boolean): Metadata {
    const metadata = new Metadata();
    if (json) metadata.set(inputForm.field, inputForm.json);
    if (isUntyped(call.operation)) metadata.set(outputForm.field, outputForm.json);
    for (const [name, value] of Object.entries(fieldsOf(call, this.#origin))) metadata.set(name, value);
    return metadata;
  }

  async #wireOf(operation: Operation): Promise<WireCall> {
    const known = this.#calls.get(operation);
    if (known) return known;
    this.#numbers ??= this.line.numbers?.() ?? Promise.resolve({});
    const wire = isUntyped(operation)
      ? untypedCallOf(operation)
      : wireCallOf(operation, withBuiltin(await this.#numbers));
    this.#calls.set(operation, wire);
    return wire;
  }
}

interface Message {
  readonly bytes: Uint8Array;
  readonly json: boolean;
}

/** What does not fit the types goes as JSON: the other side judges it, as over HTTP. */
function requestOf({ input, operation }: OutgoingCall, wire: WireCall): Message {
  try {
    return { bytes: wire.request.encode(input), json: isUntyped(operation) };
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    return { bytes: Buffer.from(JSON.stringify(input)), json: true };
  }
}
