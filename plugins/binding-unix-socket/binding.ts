import { once } from 'node:events';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import {
  type Binding,
  type BindingContext,
  defineBinding,
  incomingCall,
  LinkedAbortController,
  type MountedOperation,
  type Outcome,
  Problem,
  problems,
  type StreamItem,
  z,
} from 'tutti/plugin';
import { type AnswerLine, LineFault, origin, overhead, readLines, writeLine } from './wire.ts';

const config = z.strictObject({
  path: z
    .string()
    .min(1)
    .optional()
    .describe('Path of the socket, which this user alone may open; <data>/<name of the entry>/socket unless told'),
  bodyLimit: z
    .number()
    .int()
    .min(1)
    .default(1024 * 1024)
    .describe('Bytes of an input, for operations that set no limit of their own'),
});

const callForm = z.strictObject({
  operation: z.string(),
  input: z.record(z.string(), z.unknown()),
  headers: z.record(z.string(), z.string()),
  timeout: z.number().positive(),
});

/** Milliseconds that a connection has to say what it wants. */
const patience = 10_000;

export default defineBinding({
  type: 'binding.unix-socket',
  version: '1.0.0',
  summary: 'Operations over a Unix socket, as lines of JSON',
  host: '>=0.1.0',
  needs: { network: 'Listens on the Unix socket of its config' },
  config,
  create: (context) => new UnixSocketBinding(context),
});

/** A connection is a call: where one ends, the other does. */
class UnixSocketBinding implements Binding {
  readonly #operations: ReadonlyMap<string, MountedOperation>;
  readonly #path: string;
  readonly #longestLine: number;
  readonly #sockets = new Set<Socket>();
  /** Aborts when no more work is taken: streams end. */
  readonly #draining = new AbortController();
  /** Aborts when the time to finish what is under way is over. */
  readonly #over = new AbortController();
  readonly #on: BindingContext<z.output<typeof config>, Record<never, never>>;
  #server: Server | undefined;

  constructor(on: BindingContext<z.output<typeof config>, Record<never, never>>) {
    const { operations } = on.surface;
    this.#on = on;
    const { path } = on.config;
    this.#path = path === undefined ? join(on.dataDir, on.name, 'socket') : on.resolvePath(path);
    this.#operations = new Map(operations.map((mounted) => [mounted.operation.id, mounted]));
    this.#longestLine = overhead + Math.max(0, ...operations.map((mounted) => this.#limitOf(mounted)));
  }

  addresses(): readonly string[] {
    return this.#server ? [`unix:${this.#path}`] : [];
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#on.config.path === undefined) await mkdir(dirname(this.#path), { recursive: true });
    await removeLeftover(this.#path);
    const server = createServer((socket) => this.#accept(socket));
    server.listen(this.#path);
    await once(server, 'listening');
    this.#server = server;
    await chmod(this.#path, 0o600);
    if (!signal.aborted) return;
    await this.stop();
    signal.throwIfAborted();
  }

  async drain(signal: AbortSignal): Promise<void> {
    this.#draining.abort();
    signal.addEventListener('abort', () => this.#cut(), { once: true });
    await this.#close();
  }

  async stop(): Promise<void> {
    this.#cut();
    await this.#close();
  }

  /** Takes no more connections, and waits for those that there are. */
  async #close(): Promise<void> {
    const server = this.#server;
    if (!server?.listening) return;
    const closed = once(server, 'close');
    server.close();
    await closed;
  }

  #cut(): void {
    this.#draining.abort();
    this.#over.abort();
    for (const socket of this.#sockets) socket.destroy();
  }

  #limitOf({ operation }: MountedOperation): number {
    return operation.bodyLimit ?? this.#on.config.bodyLimit;
  }

  #accept(socket: Socket): void {
    const gone = new AbortController();
    this.#sockets.add(socket);
    socket.setTimeout(patience, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      gone.abort();
    });
    this.#serve(socket, gone.signal).catch((error: unknown) => {
      this.#on.log.error('a call over the socket failed', { error });
      socket.destroy();
    });
  }

  async #serve(socket: Socket, gone: AbortSignal): Promise<void> {
    const outcome = await this.#outcome(socket, gone);
    if (outcome.kind === 'stream') await this.#stream(socket, outcome.items);
    else await writeLine(socket, answerLine(outcome));
    socket.end();
  }

  async #outcome(socket: Socket, gone: AbortSignal): Promise<Outcome> {
    try {
      const call = callForm.safeParse(await readLine(socket, this.#longestLine));
      if (!call.success) throw new Problem(problems.invalidRequest, `no call: ${z.prettifyError(call.error)}`);
      return await this.#invoke(call.data, gone);
    } catch (error) {
      if (error instanceof Problem) return { kind: 'problem', problem: error, challenges: [] };
      if (error instanceof LineFault) {
        const kind = error.reason === 'too-long' ? problems.tooLarge : problems.invalidRequest;
        return { kind: 'problem', problem: new Problem(kind, error.message), challenges: [] };
      }
      throw error;
    }
  }

  async #invoke(
    { operation, input, headers, timeout }: z.output<typeof callForm>,
    gone: AbortSignal,
  ): Promise<Outcome> {
    const mounted = this.#operations.get(operation);
    if (!mounted) throw new Problem(problems.notFound, `${operation} is not offered`);
    const limit = this.#limitOf(mounted);
    if (Buffer.byteLength(JSON.stringify(input)) > limit) {
      throw new Problem(problems.tooLarge, `the input may have at most ${limit} bytes`);
    }
    const end = mounted.operation.output.kind === 'stream' ? this.#draining : this.#over;
    const given = new LinkedAbortController(gone, end.signal);
    // Every connection ends, and with it what its call has to do with the end of the host.
    gone.addEventListener('abort', () => given.unlink(), { once: true });
    const call = incomingCall(mounted, { origin, headers, input: () => input, signal: given.signal, timeout });
    const outcome = await this.#on.surface.gate.invoke(mounted, call);
    return outcome.kind === 'value' && outcome.location !== undefined
      ? { ...outcome, location: mounted.prefix + outcome.location }
      : outcome;
  }

  /** Another item is asked for when there is room for it. */
  async #stream(socket: Socket, items: AsyncIterable<StreamItem<unknown>>): Promise<void> {
    await writeLine(socket, { kind: 'stream' });
    try {
      for await (const item of items) {
        if (socket.destroyed) return;
        await writeLine(socket, { kind: 'item', item });
      }
      await writeLine(socket, { kind: 'end' });
    } catch (error) {
      // Without its last line nobody takes the stream for complete; what was thrown is for the log alone.
      this.#on.log.error('a stream over the socket broke', { error });
    }
  }
}

async function readLine(socket: Socket, limit: number): Promise<unknown> {
  const lines = readLines(socket, limit);
  try {
    return (await lines.next()).value;
  } finally {
    await lines.return();
    // Read on, or nobody would notice that the caller has gone.
    socket.resume();
    socket.setTimeout(0);
  }
}

function answerLine(outcome: Exclude<Outcome, { kind: 'stream' }>): AnswerLine {
  switch (outcome.kind) {
    case 'problem':
      return { ...outcome, problem: outcome.problem.body() };
    case 'representation':
      return { ...outcome, bytes: Buffer.from(outcome.bytes).toString('base64') };
    default:
      return { ...outcome };
  }
}

/** A host that was killed leaves its socket behind: nobody answers there. One that lives is left alone. */
async function removeLeftover(path: string): Promise<void> {
  const socket = createConnection(path);
  try {
    await once(socket, 'connect');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') await rm(path);
    return;
  } finally {
    socket.destroy();
  }
  throw new Error(`another program serves at ${path}; give this binding another path`);
}
