import { randomBytes } from 'node:crypto';
import { mayRepeat } from '../../../core/client/index.js';
import { readText } from '../../../core/files/index.js';
import { systemClock } from '../../../core/host/clock.js';
import type { Clock, Lifecycle } from '../../../core/plugin/index.js';
import { type Answer, type OutgoingCall, type Transport, TransportFault } from '../../../core/ports/index.js';
import { backoff } from '../../../core/work/index.js';
import {
  BrokerFault,
  type Connection,
  controlTopic,
  dialler,
  faultOf,
  opener,
  replyTopic,
  urlFault,
  writeControl,
} from '../../../vendors/mqtt/wire/index.js';
import { transportFault } from './fault.js';
import { PendingCall } from './pending.js';
import { Session } from './session.js';

export interface MqttTransportOptions {
  readonly url: string;
  readonly ca?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  readonly username?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly root?: string | undefined;
  readonly name?: string | undefined;
  readonly clientId?: string | undefined;
  readonly protocol?: 'auto' | '5' | '3.1.1' | undefined;
  /** For waits between attempts and for signs of life; the system's unless told. */
  readonly clock?: Clock | undefined;
}

/**
 * A line to a host by way of a broker.
 *
 * @throws Error when the address cannot be that of a broker
 */
export function mqttTransport(options: MqttTransportOptions): Transport {
  const fault = urlFault(options.url);
  if (fault !== undefined) throw new Error(`${options.url}: ${fault}`);
  return new MqttTransport(options);
}

/** Calls a host by way of a broker. */
export class MqttTransport implements Transport, Lifecycle {
  readonly address: string;
  readonly #root: string;
  readonly #name: string;
  readonly #clientId: string;
  readonly #dial: ReturnType<typeof dialler>;
  readonly #clock: Clock;
  readonly #closed = new AbortController();
  readonly #pending = new Set<PendingCall>();
  #session: Session | undefined;
  #connecting: Promise<Session> | undefined;

  /** Files are absolute, or relative to the working directory. */
  constructor(private readonly options: MqttTransportOptions) {
    this.address = options.url;
    this.#root = options.root ?? 'tutti';
    // One user, or one certificate, may have several programs, whose client ids must differ; who has neither is known
    // by the client id.
    const known = options.username !== undefined || options.certificate !== undefined;
    this.#clientId =
      options.clientId ?? (known ? undefined : options.name) ?? `tutti-${randomBytes(8).toString('hex')}`;
    this.#name = options.name ?? options.username ?? this.#clientId;
    this.#clock = options.clock ?? systemClock;
    this.#dial = dialler(options.protocol ?? 'auto');
  }

  async call(call: OutgoingCall): Promise<Answer> {
    call.signal.throwIfAborted();
    this.#mustBeOpen();
    const pending = new PendingCall(call, this.address, (ended) => this.#ended(ended));
    this.#pending.add(pending);
    if (this.#session) this.#session.send(pending);
    else void this.#sendFirst(pending);
    return pending.answer;
  }

  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    const fault = new TransportFault('unreachable', `the line to ${this.address} was closed`);
    this.#session?.leave();
    for (const pending of [...this.#pending]) pending.fail(fault);
    this.#closed.abort(fault);
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }

  stop(): Promise<void> {
    return this.close();
  }

  #mustBeOpen(): void {
    if (this.#closed.signal.aborted) throw new TransportFault('unreachable', `the line to ${this.address} was closed`);
  }

  #ended(pending: PendingCall): void {
    this.#pending.delete(pending);
    this.#session?.forget(pending);
  }

  /** A call that has not been sent may be refused at once: its caller knows that it had no effect. */
  async #sendFirst(pending: PendingCall): Promise<void> {
    try {
      const session = await this.#connected();
      if (!pending.over) session.send(pending);
    } catch (error) {
      pending.fail(transportFault(error));
    }
  }

  #connected(): Promise<Session> {
    if (this.#session) return Promise.resolve(this.#session);
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connect(): Promise<Session> {
    const { options } = this;
    // New for each connection: what is said of an old one, the last will too, is not of this one.
    const id = randomBytes(16).toString('base64url');
    const topic = replyTopic(this.#root, this.#name, id);
    const control = controlTopic(this.#root, this.#name);
    let session: Session | undefined;
    let connection: Connection;
    try {
      connection = await this.#dial({
        address: options.url,
        open: await opener(options),
        clientId: this.#clientId,
        username: options.username,
        password: options.passwordFile === undefined ? undefined : await readText(options.passwordFile),
        keepSession: 0,
        will: { topic: control, payload: writeControl({ type: 'gone', session: id }) },
        onMessage: (message) => {
          session?.receive(message);
          return true;
        },
        signal: this.#closed.signal,
      });
    } catch (error) {
      this.#closed.signal.throwIfAborted();
      throw faultOf(error, options.url);
    }
    try {
      await connection.subscribe([topic]);
    } catch (error) {
      connection.destroy();
      throw error;
    }
    session = new Session({
      connection,
      id,
      root: this.#root,
      name: this.#name,
      address: options.url,
      clock: this.#clock,
    });
    this.#session = session;
    void connection.lost.then((fault) => this.#lost(session, fault));
    return session;
  }

  /** What may be made again is; of the rest nobody knows how it ended. */
  #lost(session: Session, fault: BrokerFault): void {
    session.end();
    if (this.#session === session) this.#session = undefined;
    if (this.#closed.signal.aborted) return;
    for (const pending of [...this.#pending]) {
      if (pending.id === '' || !session.has(pending)) continue;
      pending.release();
      if (pending.streaming || !mayRepeat(pending.call)) {
        const { id } = pending.call.operation;
        const what = pending.streaming ? `the stream of ${id} broke` : `nobody knows how ${id} ended`;
        pending.fail(new TransportFault('unreachable', `${what}: ${fault.message}`, { cause: fault }));
      } else void this.#sendAgain(pending);
    }
  }

  async #sendAgain(pending: PendingCall): Promise<void> {
    for (let attempt = 1; !pending.over; attempt += 1) {
      try {
        const session = await this.#connected();
        if (!pending.over) session.send(pending, true);
        return;
      } catch (error) {
        if (!(error instanceof BrokerFault) || error.kind !== 'away') {
          pending.fail(transportFault(error));
          return;
        }
        await this.#clock.delay(backoff(attempt, 100, 5_000));
      }
    }
  }
}
