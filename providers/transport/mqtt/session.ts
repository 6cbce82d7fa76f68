import type { Clock } from '../../../core/plugin/index.js';
import { TransportFault } from '../../../core/ports/index.js';
import {
  BrokerFault,
  type Connection,
  type Control,
  controlTopic,
  type Form,
  type Message,
  readReply,
  replyTopic,
  writeControl,
} from '../../../vendors/mqtt/wire/index.js';
import type { Carrier, PendingCall } from './pending.js';

export interface SessionOptions {
  readonly connection: Connection;
  /** Last level of the reply topic: known to nobody else, and of this connection alone. */
  readonly id: string;
  readonly root: string;
  readonly name: string;
  readonly address: string;
  readonly clock: Clock;
}

/** How often a caller with open streams says that it listens; a host waits three times as long, or longer. */
const signOfLife = 30_000;

/** Calls over one connection, each under an id of its own. */
export class Session implements Carrier {
  readonly root: string;
  readonly name: string;
  readonly address: string;
  readonly form: Form;
  readonly replyTopic: string;
  readonly #calls = new Map<string, PendingCall>();
  readonly #over = new AbortController();
  #next = 0;
  #listening = false;

  constructor(private readonly options: SessionOptions) {
    const { root, name, id, address, connection } = options;
    this.root = root;
    this.name = name;
    this.address = address;
    this.form = connection.version === 5 ? 'properties' : 'head';
    this.replyTopic = replyTopic(root, name, id);
  }

  has(pending: PendingCall): boolean {
    return this.#calls.get(pending.id) === pending;
  }

  send(pending: PendingCall): void {
    this.#next += 1;
    const id = String(this.#next);
    let message: Message;
    try {
      message = pending.message(this, id);
    } catch (error) {
      pending.fail(error);
      return;
    }
    this.#calls.set(id, pending);
    if (pending.call.operation.output.kind === 'stream') void this.#signLife();
    this.options.connection.publish(message).then(
      ({ unheard }) => {
        if (unheard)
          pending.fail(new TransportFault('unreachable', `no host listens at ${this.address} under ${this.root}/`));
      },
      (error: unknown) => {
        // A broken connection is dealt with for all its calls at once.
        if (error instanceof BrokerFault && error.kind === 'away') return;
        pending.fail(
          new TransportFault('unreachable', error instanceof Error ? error.message : String(error), { cause: error }),
        );
      },
    );
  }

  receive(message: Message): void {
    if (message.topic !== this.replyTopic) return;
    const read = readReply(message);
    if (read) this.#calls.get(Buffer.from(read.id).toString())?.receive(read.reply);
  }

  forget(pending: PendingCall): void {
    if (this.has(pending)) this.#calls.delete(pending.id);
  }

  more(id: string, credit: number): void {
    this.#say({ type: 'more', session: this.options.id, id, credit });
  }

  cancel(id: string): void {
    this.#say({ type: 'cancel', session: this.options.id, id });
  }

  /** Tells the host that nobody waits any more: the last will is not told after a goodbye. */
  leave(): void {
    if (this.#calls.size > 0) this.#say({ type: 'gone', session: this.options.id });
  }

  async close(): Promise<void> {
    this.end();
    await this.options.connection.close();
  }

  end(): void {
    this.#over.abort();
  }

  #say(control: Control): void {
    if (this.#over.signal.aborted) return;
    const message = { topic: controlTopic(this.root, this.name), payload: writeControl(control) };
    // Lost with the connection only, and then the host hears of that.
    this.options.connection.publish(message).catch(() => undefined);
  }

  async #signLife(): Promise<void> {
    if (this.#listening) return;
    this.#listening = true;
    const { clock, id } = this.options;
    const { signal } = this.#over;
    const streams = (): boolean =>
      [...this.#calls.values()].some(({ call }) => call.operation.output.kind === 'stream');
    while (!signal.aborted && streams()) {
      await clock.delay(signOfLife, signal).catch(() => undefined);
      if (streams()) this.#say({ type: 'here', session: id });
    }
    this.#listening = false;
  }
}
