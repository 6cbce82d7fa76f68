import { setMaxListeners } from 'node:events';
import { Cluster, type Redis } from 'ioredis';
import type { Logger } from '../../../core/plugin/index.js';
import type { RedisSettings } from './config.js';
import { isRefusal, wordsOf } from './faults.js';
import { credentialsOf, makeClient, type RedisClient, type Surroundings, useCredentials } from './options.js';

export interface ConnectionParts extends Surroundings {
  readonly settings: RedisSettings;
  /** What the connection is for, as `CLIENT LIST` shows it. */
  readonly name: string;
  /** Milliseconds without an answer after which a line with open questions is cut: nobody is at its other end. */
  readonly silence: number;
  readonly log: Logger;
  /** Says nothing of its own: another line to the same Redis does. */
  readonly quiet?: boolean;
}

/** Redis is away, or does not let this host in; the message says where and why. */
export class RedisAway extends Error {
  override readonly name = 'RedisAway';
}

/** A line to Redis that comes back by itself and never says a command twice. */
export class RedisConnection {
  readonly #parts: ConnectionParts;
  readonly #closing = new AbortController();
  #client: RedisClient | undefined;
  #generation = 0;
  #fault: string | undefined;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  /** Where it leads, for a person. */
  get where(): string {
    return whereOf(this.#parts.settings);
  }

  /** Why it cannot be used at the moment. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Grows with each connection, of a cluster to whichever node: what was said over one, another does not know. */
  get generation(): number {
    return this.#generation;
  }

  /**
   * Connects, and goes on trying while Redis is away.
   * @throws RedisAway when it does not let this host in, or is still away when `signal` aborts
   */
  async open(signal: AbortSignal): Promise<RedisClient> {
    const { settings, name, silence } = this.#parts;
    const client = await makeClient(settings, { name, silence }, this.#parts).catch((error: unknown) => {
      throw new RedisAway(`${this.where}: ${wordsOf(error)}`, { cause: error });
    });
    signal.throwIfAborted();
    this.#client = client;
    // Whoever asks while Redis is away waits, however many they are.
    client.setMaxListeners(0);
    setMaxListeners(0, this.#closing.signal);
    client.on('ready', () => {
      this.#generation++;
      this.#note(undefined);
    });
    client.on('error', (error: Error) => this.#note(wordsOf(error)));
    client.on('close', () => {
      this.#note(this.#fault ?? 'the connection has ended');
      this.#renewCredentials(client);
    });
    if (client instanceof Cluster) this.#followNodes(client);
    // The client gives up when it hears of a failover while it connects anew.
    client.on('end', () => this.#connect(client));
    this.#connect(client);
    return this.#reached(client, signal, isRefusal);
  }

  /** @throws RedisAway when it stays away for as long as a call may take, or the connection is closed */
  async ready(): Promise<RedisClient> {
    const client = this.#client;
    if (client === undefined) throw new RedisAway(`${this.where} is not connected`);
    if (client.status === 'ready') return client;
    return this.#reached(client, AbortSignal.timeout(this.#parts.settings.timeout * 1000), () => false);
  }

  close(): void {
    this.#closing.abort();
    this.#client?.disconnect();
    this.#client = undefined;
  }

  #connect(client: RedisClient): void {
    if (this.#closing.signal.aborted) return;
    // Every failed attempt is told as an error event; this promise knows only the first.
    client.connect().catch((error: unknown) => this.#note(wordsOf(error)));
  }

  /** The client of a cluster stays connected while a replica takes over from the master that has our keys. */
  #followNodes(client: Cluster): void {
    let before: string | undefined;
    const grow = (): void => void this.#generation++;
    client.on('+node', (node: Redis) => node.on('ready', grow));
    client.on('refresh', () => {
      const addresses = client.nodes('master').map(({ options: { host, port } }) => `${host}:${port}`);
      const masters = addresses.sort().join();
      if (before !== undefined && masters !== before) grow();
      before = masters;
    });
  }

  #note(fault: string | undefined): void {
    if (this.#closing.signal.aborted || fault === this.#fault) return;
    const before = this.#fault;
    this.#fault = fault;
    if (this.#parts.quiet) return;
    if (fault === undefined) this.#parts.log.info(`${this.where} is there again`);
    else if (before === undefined) this.#parts.log.warn(`${this.where} is away: ${fault}`);
  }

  /** A password that was changed is taken up by the attempts to come. */
  #renewCredentials(client: RedisClient): void {
    if (this.#closing.signal.aborted) return;
    credentialsOf(this.#parts.settings, this.#parts).then(
      (credentials) => useCredentials(client, credentials),
      (error: unknown) => this.#note(wordsOf(error)),
    );
  }

  #reached(client: RedisClient, signal: AbortSignal, isHopeless: (words: string) => boolean): Promise<RedisClient> {
    const over = new AbortController();
    const reached = new Promise<RedisClient>((resolve, reject) => {
      const on = (event: 'ready' | 'error', act: () => void): void => {
        client.on(event, act);
        over.signal.addEventListener('abort', () => client.off(event, act));
      };
      const refuse = (): void => reject(new RedisAway(`${this.where} cannot be used: ${this.#fault ?? 'no answer'}`));
      on('ready', () => resolve(client));
      on('error', () => {
        if (this.#fault !== undefined && isHopeless(this.#fault)) refuse();
      });
      for (const each of [signal, this.#closing.signal]) {
        if (each.aborted) refuse();
        each.addEventListener('abort', refuse, { signal: over.signal });
      }
    });
    return reached.finally(() => over.abort());
  }
}

function whereOf({ url, sentinel, cluster }: RedisSettings): string {
  if (sentinel) return `Redis ${sentinel.master} of the sentinels ${sentinel.nodes.join(', ')}`;
  return cluster ? `the Redis cluster of ${cluster.join(', ')}` : `Redis at ${url}`;
}
