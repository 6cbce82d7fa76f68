import { createConnection } from 'node:net';
import {
  type Answer,
  defineProvider,
  fieldsOf,
  type Lifecycle,
  LinkedAbortController,
  type OutgoingCall,
  problemFrom,
  type StreamItem,
  Transport,
  TransportFault,
  z,
} from 'tutti/plugin';
import { type AnswerLine, LineFault, origin, overhead, readLines, writeLine } from './wire.ts';

export default defineProvider({
  port: Transport,
  type: 'transport.unix-socket',
  version: '1.0.0',
  summary: 'Calls a host on this machine over a Unix socket',
  host: '>=0.1.0',
  needs: { network: 'Connects to the Unix socket of its config' },
  config: z.strictObject({
    url: z
      .string()
      .regex(/^unix:./, 'expected unix: and the path of a socket')
      .describe('unix:<path of the socket>'),
  }),
  create: ({ config, resolvePath }) => unixSocketTransport(resolvePath(config.url.slice('unix:'.length))),
});

/** A line to the host that serves at a path: a connection for each call. */
export function unixSocketTransport(path: string): Transport & Lifecycle {
  const closed = new AbortController();
  const close = async (): Promise<void> => closed.abort(fault('unreachable', `the line to ${path} is closed`));
  return {
    address: `unix:${path}`,
    call: (call) => exchange(path, call, closed.signal),
    close,
    stop: close,
  };
}

type Reason = TransportFault['reason'];
const fault = (reason: Reason, message: string, cause?: unknown): TransportFault =>
  new TransportFault(reason, message, cause === undefined ? {} : { cause });

async function exchange(path: string, call: OutgoingCall, closed: AbortSignal): Promise<Answer> {
  call.signal.throwIfAborted();
  closed.throwIfAborted();
  const headers = fieldsOf(call, origin);
  const end = new LinkedAbortController(call.signal, closed);
  const timer = setTimeout(() => end.abort(fault('timeout', `${path}: no answer in time`)), call.timeout);
  const socket = createConnection(path);
  end.signal.addEventListener('abort', () => socket.destroy(), { once: true });
  const leave = (): void => {
    end.unlink();
    socket.destroy();
  };
  const failed = (error: unknown): unknown => (end.signal.aborted ? end.signal.reason : faultOf(path, error));
  // Whatever breaks the connection breaks the reading of it too.
  socket.on('error', () => undefined);
  // Bytes take a third more room as base64.
  const lines = readLines(socket, Math.ceil(call.answerLimit * 1.4) + overhead);
  try {
    const { operation, input, timeout } = call;
    await writeLine(socket, { operation: operation.id, input, headers, timeout });
    const line = await nextLine(lines, path);
    if (line.kind === 'stream') return { kind: 'stream', items: itemsOf(lines, path, failed, leave) };
    const answer = answerOf(line, call.answerLimit);
    leave();
    return answer;
  } catch (error) {
    leave();
    throw failed(error);
  } finally {
    clearTimeout(timer);
  }
}

async function* itemsOf(
  lines: AsyncGenerator<unknown, void, undefined>,
  path: string,
  failed: (error: unknown) => unknown,
  leave: () => void,
): AsyncGenerator<StreamItem<unknown>, void, undefined> {
  try {
    for (let line = await nextLine(lines, path); line.kind === 'item'; line = await nextLine(lines, path)) {
      yield line.item;
    }
  } catch (error) {
    throw failed(error);
  } finally {
    leave();
  }
}

async function nextLine(lines: AsyncGenerator<unknown, void, undefined>, path: string): Promise<AnswerLine> {
  const { value, done } = await lines.next();
  if (done) throw fault('unreachable', `${path}: the connection ended before the answer did`);
  // What the host says is held to the operation's schema by the client above.
  return value as AnswerLine;
}

function answerOf(line: AnswerLine, limit: number): Answer {
  if (line.kind === 'problem') {
    const problem = problemFrom(line.problem, 500, 'Problem');
    if (!problem) throw fault('invalid', 'a problem that is none');
    return { kind: 'problem', problem, challenges: line.challenges };
  }
  if (line.kind !== 'representation') return line as Answer;
  const bytes = Buffer.from(String(line['bytes']), 'base64');
  if (bytes.byteLength > limit) throw fault('invalid', `the answer has more than ${limit} bytes`);
  return { outcome: 'ok', ...line, bytes } as unknown as Answer;
}

function faultOf(path: string, error: unknown): TransportFault {
  if (error instanceof TransportFault) return error;
  if (error instanceof LineFault) return fault('invalid', `${path}: ${error.message}`, error);
  return fault('unreachable', `${path}: ${error instanceof Error ? error.message : String(error)}`, error);
}
