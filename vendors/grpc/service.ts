import {
  Metadata,
  type Server,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { type Ending, taken } from '../../core/listening/index.js';
import {
  incomingCall,
  internalProblem,
  type MountedOperation,
  type Outcome,
  Problem,
  presented,
  problems,
  type StreamReply,
  type Surface,
} from '../../core/operation/index.js';
import type { Logger } from '../../core/plugin/index.js';
import { GrpcCall, type ServerCall } from './call.js';
import { failure, render } from './replies.js';
import {
  jsonCodec,
  type MessageCodec,
  Misfit,
  outputForm,
  type ProtoFile,
  replyFields,
  type WireCall,
  wireCalls,
} from './wire/index.js';

export interface ServiceOptions {
  readonly surface: Surface;
  /** With numbers. */
  readonly file: ProtoFile;
  readonly log: Logger;
  readonly scheme: 'http' | 'https';
  readonly mutual: boolean;
  /** Bytes of a request, for operations that do not say. */
  readonly bodyLimit: number;
  readonly ending: Ending;
  /** Streams of all operations at the same time. */
  readonly maxStreams: number;
}

/** Messages are read and written here and not by the library, so that one that cannot be read is a problem like any other. */
const asItIs = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Registers a method for each operation. */
export function addOperations(server: Server, options: ServiceOptions): void {
  const calls = wireCalls(options.file);
  const streams = { open: 0 };
  for (const mounted of options.surface.operations) {
    const wire = calls.get(mounted.operation.id);
    if (!wire) throw new Error(`${mounted.operation.id} has no form over gRPC`);
    const served = new ServedMethod(mounted, wire, options, streams);
    if (wire.streams) {
      server.register(
        wire.path,
        (call: ServerWritableStream<Buffer, Uint8Array>) => served.stream(call),
        asItIs,
        asItIs,
        'serverStream',
      );
    } else {
      server.register(
        wire.path,
        (call: ServerUnaryCall<Buffer, Uint8Array>, callback: sendUnaryData<Uint8Array>) =>
          served.unary(call, callback),
        asItIs,
        asItIs,
        'unary',
      );
    }
  }
}

/** One operation. Nothing here throws: what goes wrong is a status. */
class ServedMethod {
  readonly #limit: number;
  readonly #shape: Parameters<typeof render>[1];

  constructor(
    private readonly mounted: MountedOperation,
    private readonly wire: WireCall,
    private readonly options: ServiceOptions,
    /** Of all methods together. */
    private readonly streams: { open: number },
  ) {
    const { operation, prefix } = mounted;
    this.#limit = operation.bodyLimit ?? options.bodyLimit;
    this.#shape = { prefix, representation: operation.output.kind === 'representation', wrapped: wire.wrapped };
  }

  unary(call: ServerUnaryCall<Buffer, Uint8Array>, callback: sendUnaryData<Uint8Array>): void {
    this.#invoke(
      call,
      (outcome, made) => {
        if (outcome.kind === 'problem')
          return callback(failure(outcome.problem, outcome.challenges, made.correlationId));
        if (outcome.kind === 'stream') throw new Error('answers a stream, and declares none');
        const { message, metadata } = render(outcome, this.#shape);
        const bytes =
          inJson(made) && outcome.kind === 'value'
            ? jsonCodec.encode(outcome.value)
            : this.wire.response.encode(message);
        const head = withCorrelation(metadata, made);
        if (head) call.sendMetadata(head);
        callback(null, bytes);
      },
      (problem, made) => callback(failure(problem, [], made.correlationId)),
    );
  }

  stream(call: ServerWritableStream<Buffer, Uint8Array>): void {
    const fail = (problem: Problem, challenges: readonly string[], made: GrpcCall): void => {
      call.emit('error', failure(problem, challenges, made.correlationId));
    };
    this.#invoke(
      call,
      (outcome, made) => {
        if (outcome.kind === 'problem') return fail(outcome.problem, outcome.challenges, made);
        if (outcome.kind !== 'stream') throw new Error(`answers ${outcome.kind}, and declares a stream`);
        // At once, so that the caller knows that the stream has begun.
        call.sendMetadata(withCorrelation(undefined, made) ?? new Metadata());
        return this.#send(call, outcome, inJson(made) ? jsonCodec : this.wire.response);
      },
      (problem, made) => fail(problem, [], made),
    );
  }

  #invoke(
    call: ServerCall,
    answer: (outcome: Outcome, made: GrpcCall) => Promise<void> | void,
    fail: (problem: Problem, made: GrpcCall) => void,
  ): void {
    const { surface, scheme, mutual, ending } = this.options;
    const end = this.wire.streams ? ending.draining : ending.over;
    const made = new GrpcCall(call, this.wire.request, { scheme, mutual, end });
    try {
      const size = call.request.byteLength;
      if (size > this.#limit) throw this.#tooLarge(size);
      if (this.wire.streams && this.streams.open >= this.options.maxStreams) throw this.#tooManyStreams();
      const outcome = surface.gate.invoke(this.mounted, incomingCall(this.mounted, made));
      const answered =
        outcome instanceof Promise ? outcome.then((given) => answer(given, made)) : answer(outcome, made);
      answered?.catch((error: unknown) => fail(this.#problem(error, call), made));
    } catch (error) {
      fail(this.#problem(error, call), made);
    }
  }

  /** The next item is asked for when the one before has been taken, so a slow reader slows its producer down. */
  async #send(
    call: ServerWritableStream<Buffer, Uint8Array>,
    { items }: StreamReply<unknown>,
    codec: MessageCodec,
  ): Promise<void> {
    this.streams.open += 1;
    try {
      for await (const item of items) {
        if (call.cancelled) break;
        if (!call.write(codec.encode(item))) await taken(call, 'cancelled', call.cancelled);
      }
    } finally {
      this.streams.open -= 1;
    }
    call.end();
  }

  #tooManyStreams(): Problem {
    const problem = new Problem(problems.unavailable, 'too many streams are open; try again', { retryAfterSeconds: 1 });
    return presented(this.mounted, problem);
  }

  #tooLarge(size: number): Problem {
    const problem = new Problem(problems.tooLarge, `the message has ${size} bytes; at most ${this.#limit} are taken`);
    return presented(this.mounted, problem);
  }

  /** What ends here is a fault of the connection or of ours; the caller's faults are outcomes. */
  #problem(error: unknown, call: ServerCall): Problem {
    if (error instanceof Problem) return error;
    const { id } = this.mounted.operation;
    if (call.cancelled) this.options.log.debug('the caller went away', { operation: id, error });
    else {
      const where = error instanceof Misfit ? ` answers what it does not declare: ${error.path.join('.')}` : ' failed';
      this.options.log.error(`${id}${where}`, { operation: id, error });
    }
    const problem = internalProblem();
    return presented(this.mounted, problem);
  }
}

/** Whether the caller has no types for what is answered. */
function inJson({ headers }: GrpcCall): boolean {
  return headers[outputForm.field] === outputForm.json;
}

/** For callers that gave a correlation id: they look out for it. */
function withCorrelation(metadata: Metadata | undefined, made: GrpcCall): Metadata | undefined {
  if (!made.correlatedByCaller) return metadata;
  const all = metadata ?? new Metadata();
  all.set(replyFields.correlation, made.correlationId);
  return all;
}
