import { type Client, connectivityState, Metadata, type StatusObject } from '@grpc/grpc-js';
import type { StreamItem } from '../../../core/operation/index.js';
import { TransportFault } from '../../../core/ports/transport.js';
import { Malformed, type WireCall } from '../../../vendors/grpc/wire/index.js';
import { type Ended, endOf } from './faults.js';

/** One call over one connection. */
export interface Attempt {
  readonly client: Client;
  readonly wire: WireCall;
  readonly message: Uint8Array;
  readonly metadata: Metadata;
  /** Milliseconds since the epoch at which the time is over. */
  readonly until: number;
  readonly signal: AbortSignal;
  readonly address: string;
  readonly operation: string;
}

const toBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const asItIs = (bytes: Buffer): Buffer => bytes;

/** @throws the signal's reason */
export function unary(
  attempt: Attempt,
): Promise<Ended | { readonly kind: 'message'; readonly bytes: Buffer; readonly metadata: Metadata }> {
  const { client, wire, message, metadata, until, signal } = attempt;
  return new Promise((resolve, reject) => {
    let head = new Metadata();
    const call = client.makeUnaryRequest(
      wire.path,
      toBuffer,
      asItIs,
      message,
      metadata,
      { deadline: until },
      (error, bytes) => {
        signal.removeEventListener('abort', cancel);
        if (signal.aborted) reject(signal.reason);
        else if (error) resolve(endOf(error, lineOf(attempt)));
        else resolve({ kind: 'message', bytes: bytes ?? Buffer.alloc(0), metadata: head });
      },
    );
    const cancel = (): void => call.cancel();
    call.on('metadata', (received: Metadata) => {
      head = received;
    });
    if (signal.aborted) cancel();
    else signal.addEventListener('abort', cancel);
  });
}

/**
 * Resolves when the stream has begun; its items are read as they are asked for.
 *
 * @throws the signal's reason
 */
export function openStream(
  attempt: Attempt,
): Promise<Ended | { readonly kind: 'stream'; readonly items: AsyncIterable<StreamItem<unknown>> }> {
  const { client, wire, message, metadata, until, signal, address, operation } = attempt;
  return new Promise((resolve, reject) => {
    const call = client.makeServerStreamRequest(wire.path, toBuffer, asItIs, message, metadata);
    let begun = false;
    let end: StatusObject | undefined;
    const cancel = (): void => call.cancel();
    const timer = setTimeout(
      () => {
        cancel();
        const { connected } = lineOf(attempt);
        resolve({
          kind: 'fault',
          fault: new TransportFault(
            connected ? 'timeout' : 'unreachable',
            connected
              ? `${address} did not answer ${operation} in time`
              : `${address} cannot be reached: no connection in time`,
          ),
          broke: false,
        });
      },
      Math.max(0, until - Date.now()),
    );
    // The status says the same, and more.
    call.on('error', () => undefined);
    call.on('status', (status) => {
      end = status;
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      if (begun) return;
      if (signal.aborted) reject(signal.reason);
      else resolve(status.code === 0 ? { kind: 'stream', items: none() } : endOf(status, lineOf(attempt)));
    });
    call.on('metadata', () => {
      begun = true;
      clearTimeout(timer);
      resolve({ kind: 'stream', items: items() });
    });
    if (signal.aborted) cancel();
    else signal.addEventListener('abort', cancel);

    async function* items(): AsyncGenerator<StreamItem<unknown>, void, undefined> {
      try {
        for await (const bytes of call as AsyncIterable<Buffer>)
          yield wire.response.decode(bytes) as StreamItem<unknown>;
      } catch (error) {
        if (error instanceof Malformed) {
          throw new TransportFault('invalid', `an item of ${operation} from ${address} ${error.message}`, {
            cause: error,
          });
        }
        // What else fails here is the stream, whose status says how.
        if (end === undefined) throw error;
      } finally {
        signal.removeEventListener('abort', cancel);
        cancel();
      }
      if (signal.aborted) throw signal.reason;
      if (end !== undefined && end.code !== 0) throw broken(endOf(end, lineOf(attempt)), attempt);
    }
  });
}

async function* none(): AsyncGenerator<StreamItem<unknown>, void, undefined> {
  // A stream that ended before it began.
}

function broken(end: Ended, { address, operation }: Attempt): TransportFault {
  if (end.kind === 'fault') return end.fault;
  return new TransportFault('unreachable', `${address} ended the stream of ${operation}: ${end.problem.detail}`, {
    cause: end.problem,
  });
}

function lineOf({ client, address, operation }: Attempt): { address: string; operation: string; connected: boolean } {
  return { address, operation, connected: client.getChannel().getConnectivityState(false) === connectivityState.READY };
}
