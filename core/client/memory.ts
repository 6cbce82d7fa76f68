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
import { unlessAborted } from '../work/index.js';
import { fieldsOf } from './outgoing.js';

const origin = 'memory://host';

/**
 * Calls a host in the same process, through the same gate as every binding: input and values take their form as JSON on
 * the way, bytes are copied. For tests, and for programs that embed a host.
 * @experimental
 */
export function memoryTransport(surface: Surface): Transport {
  const byId = new Map(surface.operations.map((mounted) => [mounted.operation.id, mounted]));
  const closed = new AbortController();
  return {
    address: origin,
    call: async (call) => {
      const { signal, operation } = call;
      signal.throwIfAborted();
      closed.signal.throwIfAborted();
      const mounted = byId.get(operation.id);
      if (!mounted) {
        const problem = new Problem(problems.notFound, `${operation.id} is not offered`);
        return { kind: 'problem', problem, challenges: [] };
      }
      const left = new AbortController();
      const gone = AbortSignal.any([signal, closed.signal, left.signal]);
      return answered(await unlessAborted(gone, invoke(surface, mounted, call, gone)), mounted, call, left);
    },
    close: async () => closed.abort(new TransportFault('unreachable', `${origin} is closed`)),
  };
}

async function invoke(
  { gate }: Surface,
  mounted: MountedOperation,
  call: OutgoingCall,
  signal: AbortSignal,
): Promise<Outcome> {
  const input = overJson(call.input) as OutgoingCall['input'];
  return gate.invoke(
    mounted,
    incomingCall(mounted, {
      origin,
      headers: fieldsOf({ ...call, input }, origin),
      input: () => input,
      signal,
      timeout: call.timeout,
    }),
  );
}

function answered(
  outcome: Outcome,
  { operation, prefix }: MountedOperation,
  { answerLimit }: OutgoingCall,
  left: AbortController,
): Answer {
  switch (outcome.kind) {
    case 'value': {
      const { location, value, ...rest } = outcome;
      return { ...rest, value: overJson(value), ...(location !== undefined && { location: prefix + location }) };
    }
    case 'representation': {
      if (outcome.bytes.byteLength > answerLimit) {
        throw new TransportFault('invalid', `the answer to ${operation.id} has more than ${answerLimit} bytes`);
      }
      return { ...outcome, outcome: outcome.outcome ?? 'ok', bytes: Uint8Array.from(outcome.bytes) };
    }
    case 'stream':
      return { kind: 'stream', items: itemsOverJson(outcome.items, operation.id, left) };
    default:
      return outcome;
  }
}

/** @param left aborted when nobody reads any more */
async function* itemsOverJson(
  items: AsyncIterable<StreamItem<unknown>>,
  id: string,
  left: AbortController,
): AsyncGenerator<StreamItem<unknown>, void, undefined> {
  try {
    for await (const item of items) yield { ...item, data: overJson(item.data) };
  } catch (error) {
    // What an exception says is not for callers.
    throw error instanceof Problem ? error : new TransportFault('unreachable', `the stream of ${id} broke`);
  } finally {
    left.abort();
  }
}

function overJson(value: unknown): unknown {
  const text: string | undefined = JSON.stringify(value);
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}
