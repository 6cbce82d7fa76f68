import type { Clock, Health, Logger } from '../../core/plugin/index.js';
import { backoff } from '../../core/work/index.js';
import { BrokerFault, type Connection, faultOf, type Message } from './wire/index.js';

export interface LineOptions {
  /** For messages to a person. */
  readonly address: string;
  /** Connects and subscribes. */
  readonly dial: (signal: AbortSignal) => Promise<Connection>;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Outgoing {
  readonly message: Message;
  readonly done: () => void;
  readonly settled: Promise<void>;
}

/** What only somebody who changes the config can mend. */
const forPeople: ReadonlySet<BrokerFault['kind']> = new Set(['untrusted', 'refused', 'denied', 'version', 'config']);

/**
 * The host's line to its broker: dials again for ever, and publishes each message until the broker has acknowledged
 * it once, over as many connections as that takes.
 */
export class Line {
  readonly #over = new AbortController();
  /** Not acknowledged yet, in the order in which they were published. */
  readonly #outgoing = new Set<Outgoing>();
  #connection: Connection | undefined;
  #fault: BrokerFault | undefined;
  #running: Promise<void> | undefined;

  constructor(private readonly options: LineOptions) {}

  get health(): Health {
    return this.#fault ? { status: 'degraded', reason: this.#fault.message } : { status: 'ok' };
  }

  /**
   * Resolves when connected, or when the broker is not there yet: that may come.
   * @throws BrokerFault for what a person must mend: credentials, certificates, the broker's access list
   */
  async start(signal: AbortSignal): Promise<void> {
    const given = AbortSignal.any([signal, this.#over.signal]);
    let first: Connection | undefined;
    try {
      first = await this.#dial(given);
    } catch (error) {
      if (!(error instanceof BrokerFault) || forPeople.has(error.kind)) throw error;
      this.#failed(error);
    }
    if (given.aborted) first?.destroy();
    given.throwIfAborted();
    if (first) this.#up(first);
    this.#running = this.#run(first);
  }

  /** Resolves when the broker has acknowledged it, refused it, or the line is closed. */
  publish(message: Message): Promise<void> {
    if (this.#over.signal.aborted) return Promise.resolve();
    let done = (): void => undefined;
    const settled = new Promise<void>((resolve) => {
      done = resolve;
    });
    const outgoing = { message, done, settled };
    this.#outgoing.add(outgoing);
    if (this.#connection) this.#send(this.#connection, outgoing);
    return settled;
  }

  /**
   * Waits until all that was published is acknowledged, the connection breaks or the signal aborts; then says goodbye.
   *
   * @param publishing what is yet to be published
   */
  async finish(signal: AbortSignal, publishing: Promise<void> = Promise.resolve()): Promise<void> {
    if (this.#connection && !signal.aborted) {
      const aborted = new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      const acknowledged = publishing.then(() => Promise.all([...this.#outgoing].map(({ settled }) => settled)));
      await Promise.race([acknowledged, this.#connection.lost, aborted]);
    }
    await this.stop();
  }

  async stop(): Promise<void> {
    this.#over.abort();
    for (const { done } of this.#outgoing) done();
    this.#outgoing.clear();
    await this.#connection?.close();
    await this.#running;
  }

  async #run(first: Connection | undefined): Promise<void> {
    const { clock, log, address } = this.options;
    const { signal } = this.#over;
    let connection = first;
    let attempt = 0;
    while (!signal.aborted) {
      try {
        if (!connection) {
          attempt += 1;
          await clock.delay(backoff(attempt, 500, 30_000), signal);
          connection = await this.#dial(signal);
          this.#up(connection);
          log.info(`connected to ${address} again`);
        }
        attempt = 0;
        const fault = await connection.lost;
        this.#connection = undefined;
        connection = undefined;
        if (!signal.aborted) this.#failed(fault);
      } catch (error) {
        connection = undefined;
        if (!signal.aborted) this.#failed(error);
      }
    }
  }

  async #dial(signal: AbortSignal): Promise<Connection> {
    try {
      return await this.options.dial(signal);
    } catch (error) {
      signal.throwIfAborted();
      throw faultOf(error, this.options.address);
    }
  }

  #up(connection: Connection): void {
    this.#connection = connection;
    this.#fault = undefined;
    for (const outgoing of this.#outgoing) this.#send(connection, outgoing);
  }

  #failed(error: unknown): void {
    const fault = faultOf(error, this.options.address);
    // Once for each kind of fault: attempts go on for as long as it lasts.
    if (this.#fault?.message !== fault.message) this.options.log.warn(`${fault.message}; trying again`);
    this.#fault = fault;
  }

  #send(connection: Connection, outgoing: Outgoing): void {
    const settle = (): void => {
      if (this.#outgoing.delete(outgoing)) outgoing.done();
    };
    connection.publish(outgoing.message).then(settle, (error: unknown) => {
      // Of a broken connection: it is sent over the next one.
      if (error instanceof BrokerFault && error.kind === 'away') return;
      this.options.log.warn('the broker does not take a reply', { error });
      settle();
    });
  }
}
