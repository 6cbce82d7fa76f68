import {
  incomingCall,
  type MountedOperation,
  type Outcome,
  Problem,
  problems,
  type StreamItem,
  type Surface,
} from '../operation/index.js';
import { type Answer, type OutgoingCall, type Transport, TransportFault } from '../ports/transport.js';
import { fieldsOf } from './outgoing.js';

const origin = 'memory://host';

/**
 * Calls a host in the same process, through the same gate as every binding: input and values take their form as JSON on
 * the way, bytes are copied. For tests, and for programs that embed a host.
 */
export function memoryTransport(surface: Surface): Transport {
  const byId = new Map(surface.operations.map((mounted) => [mounted.operation.id, mounted]));
  const closed = new AbortController();
  return {
    address: origin,
    call: async (call) => {
      call.signal.throwIfAborted();
      if (closed.signal.aborted) throw new TransportFault('unreachable', `${origin} is closed`);
      const mounted = byId.get(call.operation.id);
      if (!mounted) {
        return {
          kind: 'problem',
          problem: new Problem(problems.notFound, `${call.operation.id} is not offered`),
          challenges: [],
        };
      }
      return answered(await invoke(surface, mounted, call, closed.signal));
    },
    close: async () => closed.abort(),
  };
}

function invoke(
  { gate }: Surface,
  mounted: MountedOperation,
  call: OutgoingCall,
  closed: AbortSignal,
): Promise<Outcome> | Outcome {
  const input = overJson(call.input) as OutgoingCall['input'];
  return gate.invoke(
    mounted,
    incomingCall(mounted, {
      origin,
      headers: fieldsOf({ ...call, input }, origin),
      input: () => input,
      signal: AbortSignal.any([call.signal, closed]),
      timeout: call.timeout,
    }),
  );
}

function answered(outcome: Outcome): Answer {
  switch (outcome.kind) {
    case 'value':
      return { ...outcome, value: overJson(outcome.value) };
    case 'representation':
      return { ...outcome, outcome: outcome.outcome ?? 'ok', bytes: Uint8Array.from(outcome.bytes) };
    case 'stream':
      return { kind: 'stream', items: itemsOverJson(outcome.items) };
    default:
      return outcome;
  }
}

async function* itemsOverJson(
  items: AsyncIterable<StreamItem<unknown>>,
): AsyncGenerator<StreamItem<unknown>, void, undefined> {
  for await (const item of items) yield { ...item, data: overJson(item.data) };
}

function overJson(value: unknown): unknown {
  const text: string | undefined = JSON.stringify(value);
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}
