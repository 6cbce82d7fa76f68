import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { failed } from '../failure.js';
import { Publisher } from './operations.js';
import { type Guest, protocolsWith } from './protocols.js';

/** Who serves in a process of its own. */
export interface SubjectName {
  readonly protocol: string;
  readonly bare: boolean;
}

interface Order extends SubjectName {
  readonly guest?: Guest;
}

type Request =
  | { readonly kind: 'serve'; readonly order: Order }
  | { readonly kind: 'publish'; readonly n: number }
  | { readonly kind: 'cpu' };
type Reply =
  | { readonly kind: 'ready'; readonly address: string }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'cpu'; readonly microseconds: number };

/** The subject from the side of whoever measures it. */
export class ServingProcess {
  readonly #child: ChildProcess;
  address = '';

  private constructor(
    readonly subject: SubjectName,
    /** The program that has {@link serveHere} behind its arguments. */
    program: { readonly file: string; readonly args: readonly string[] },
  ) {
    this.#child = fork(program.file, [...program.args], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  }

  /** @throws CommandFailure with what the subject said when it cannot serve */
  static async start(
    order: Order,
    program: { readonly file: string; readonly args: readonly string[] },
  ): Promise<ServingProcess> {
    const serving = new ServingProcess(order, program);
    const reply = await serving.#ask({ kind: 'serve', order });
    if (reply.kind === 'ready') {
      serving.address = reply.address;
      return serving;
    }
    await serving.stop();
    throw failed(`${order.protocol} cannot serve: ${reply.kind === 'failed' ? reply.message : reply.kind}`);
  }

  publish(n: number): void {
    this.#child.send({ kind: 'publish', n } satisfies Request);
  }

  /** Microseconds of processor time so far. */
  async cpu(): Promise<number> {
    const reply = await this.#ask({ kind: 'cpu' });
    return reply.kind === 'cpu' ? reply.microseconds : Number.NaN;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    if (this.#child.connected) this.#child.disconnect();
    await exited;
  }

  async #ask(request: Request): Promise<Reply> {
    const over = new AbortController();
    const died = once(this.#child, 'exit', { signal: over.signal }).then((): never => {
      throw new Error(`the process that serves ${this.subject.protocol} has ended; see what it said above`);
    });
    const answered = once(this.#child, 'message', { signal: over.signal });
    this.#child.send(request);
    try {
      const [reply] = (await Promise.race([answered, died])) as [Reply];
      return reply;
    } finally {
      // Whichever of the two did not come first is not waited for any longer.
      const ended = Promise.allSettled([answered, died]);
      over.abort();
      await ended;
    }
  }
}

/** The subject's side: serves what it is told to until nobody is connected any more. */
export async function serveHere(): Promise<void> {
  const publisher = new Publisher();
  const send = (reply: Reply): void => void process.send?.(reply);
  process.on('message', (request: Request) => {
    if (request.kind === 'publish') publisher.publish(request.n);
    if (request.kind === 'cpu') {
      const { user, system } = process.cpuUsage();
      send({ kind: 'cpu', microseconds: user + system });
    }
  });
  const gone = once(process, 'disconnect');
  const [request] = (await once(process, 'message')) as [Request];
  if (request.kind !== 'serve') throw new Error(`the first message was ${request.kind}`);
  const { protocol, bare, guest } = request.order;
  try {
    const found = (await protocolsWith(guest)).find(({ name }) => name === protocol);
    const serve = bare ? found?.bare : found?.binding;
    if (!serve) throw new Error(`there is no ${bare ? 'bare ' : ''}${protocol} here`);
    const served = await serve(publisher);
    send({ kind: 'ready', address: served.address });
    await gone;
    await served.stop();
  } catch (error) {
    send({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
    await gone;
  }
}
