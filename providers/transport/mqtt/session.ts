import { mayRepeat } from '../../../core/client/index.js';
import type { Clock } from '../../../core/plugin/index.js';
import { TransportFault } from '../../../core/ports/index.js';
import { backoff } from '../../../core/work/index.js';
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
import { transportFault } from './fault.js';
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

/** Milliseconds, about, after which a call without an answer is repeated where nobody tells whether it was heard. */
const firstRepeat = 2_000;

/** How often a caller with open streams says that it listens; a host waits three times as long, or longer. */
const signOfLife = 30_000;

/** Calls over one connection, each under an id of its own. */
export class Session implements Carrier {
  readonly root: string;
  readonly name: string;
  readonly address: string;
  readonly form: Form;
  readonly replyTopic: string;
  readonly #calls = new Map<string, { readonly pending: PendingCall; readonly over: AbortController }>();
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
    return this.#calls.get(pending.id)?.pending === pending;
  }

  /** @param again whether it was sent over an earlier connection: then somebody listened, and will again */
  send(pending: PendingCall, again = false): void {
    this.#next += 1;
    const id = String(this.#next);
    const over = new AbortController();
    this.#calls.set(id, { pending, over });
    void this.#transmit(pending, id, again, over.signal);
    if (pending.call.operation.output.kind === 'stream') void this.#signLife();
  }

  /**
   * Sends a call until the host has it, as far as can be told: MQTT 5 says when nobody listens, as while a host
   * connects to a broker that was away; on 3.1.1 what may be repeated is, under the one id, by which the host knows it.
   */
  async #transmit(pending: PendingCall, id: string, again: boolean, signal: AbortSignal): Promise<void> {
    const { connection, clock } = this.options;
    const repeats = this.form === 'head' && mayRepeat(pending.call);
    try {
      for (let attempt = 1; ; attempt += 1) {
        const { unheard } = await connection.publish(pending.message(this, id));
        if (unheard && !again) {
          throw new TransportFault('unreachable', `no host listens at ${this.address} under ${this.root}/`);
        }
        if (!unheard && !repeats) return;
        await clock.delay(unheard ? backoff(attempt, 100, 5_000) : backoff(attempt, firstRepeat, 30_000), signal);
        if (!this.has(pending) || pending.streaming) return;
      }
    } catch (error) {
      // What befalls the connection is dealt with for all its calls at once.
      if (signal.aborted || (error instanceof BrokerFault && error.kind === 'away')) return;
      pending.fail(transportFault(error));
    }
  }

  receive(message: Message): void {
    if (message.topic !== this.replyTopic) return;
    const read = readReply(message);
    if (read) this.#calls.get(Buffer.from(read.id).toString())?.pending.receive(read.reply);
  }

  forget(pending: PendingCall): void {
    if (!this.has(pending)) return;
    this.#calls.get(pending.id)?.over.abort();
    this.#calls.delete(pending.id);
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
    for (const { over } of this.#calls.values()) over.abort();
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
      [...this.#calls.values()].some(({ pending }) => pending.call.operation.output.kind === 'stream');
    while (!signal.aborted && streams()) {
      await clock.delay(signOfLife, signal).catch(() => undefined);
      if (streams()) this.#say({ type: 'here', session: id });
    }
    this.#listening = false;
  }
}
