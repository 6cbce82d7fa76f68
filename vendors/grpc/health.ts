import {
  type Server,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import type { HostStatus } from '../../core/host/status.js';

type Question = { readonly service: string };
type Answer = { readonly status: 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN' };

/**
 * grpc.health.v1: whether the host can do its work, for the host as a whole ("") and for each of its services alike. A
 * watch tells the present state, and its end: that the host drains.
 */
export function addHealth(
  server: Server,
  host: HostStatus | undefined,
  services: readonly string[],
  draining: AbortSignal,
): void {
  const known = new Set(['', ...services]);
  const state = (): Answer['status'] => {
    const ended = draining.aborted || host?.phase() === 'draining' || host?.phase() === 'stopped';
    const failed = host?.entries().some(({ health }) => health.status === 'failed') === true;
    return ended || failed ? 'NOT_SERVING' : 'SERVING';
  };
  server.addService(service, {
    check: ({ request }: ServerUnaryCall<Question, Answer>, callback: sendUnaryData<Answer>) => {
      if (known.has(request.service)) callback(null, { status: state() });
      else callback({ code: status.NOT_FOUND, details: `there is no service ${request.service}` });
    },
    watch: (call: ServerWritableStream<Question, Answer>) => {
      if (!known.has(call.request.service)) {
        call.write({ status: 'SERVICE_UNKNOWN' });
        endWith(call, draining);
        return;
      }
      call.write({ status: state() });
      endWith(call, draining, () => call.write({ status: 'NOT_SERVING' }));
    },
    list: (_call: ServerUnaryCall<object, unknown>, callback: sendUnaryData<unknown>) => {
      callback(null, { statuses: Object.fromEntries([...known].map((name) => [name, { status: state() }])) });
    },
  });
}

/** Ends a stream that has no end of its own, before the server waits for it. */
export function endWith(
  call: { end(): void; on(event: 'cancelled', listener: () => void): unknown },
  signal: AbortSignal,
  last: () => void = () => undefined,
): void {
  const end = (): void => {
    last();
    call.end();
  };
  if (signal.aborted) {
    end();
    return;
  }
  signal.addEventListener('abort', end, { once: true });
  call.on('cancelled', () => signal.removeEventListener('abort', end));
}
