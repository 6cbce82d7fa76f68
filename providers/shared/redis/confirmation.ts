import type { RedisConnection } from './connection.js';
import type { RedisClient } from './options.js';

/** Too few replicas have what was written, as far as is known; it may have happened. */
export class Unconfirmed extends Error {
  override readonly name = 'Unconfirmed';
}

export interface ConfirmationParts {
  /** The connection that writes: Redis counts what was written over the very one that asks. */
  readonly connection: RedisConnection;
  /** Replicas that must have it. */
  readonly replicas: number;
  /** Seconds to wait for them. */
  readonly timeout: number;
}

/** Waits until writes have reached replicas: those of one moment together, since each wait covers all before it. */
export class Confirmation {
  #next: Promise<void> | undefined;

  constructor(private readonly parts: ConfirmationParts) {}

  /**
   * Resolves when enough replicas have all that was written before.
   * @param generation of the connection that wrote it
   * @throws Unconfirmed when they have not in time
   */
  async of(client: RedisClient, generation: number): Promise<void> {
    if (this.parts.replicas === 0) return;
    // Not before the next turn: writes that were answered in this one are covered as well.
    this.#next ??= Promise.resolve().then(() => {
      this.#next = undefined;
      return this.#wait(client);
    });
    await this.#next;
    if (generation !== this.parts.connection.generation) throw unconfirmed(this.parts);
  }

  async #wait(client: RedisClient): Promise<void> {
    const { replicas, timeout } = this.parts;
    const confirmed = await client.wait(replicas, timeout * 1000);
    if (confirmed < replicas) throw unconfirmed(this.parts);
  }
}

function unconfirmed({ connection, replicas, timeout }: ConfirmationParts): Unconfirmed {
  const whose = replicas === 1 ? 'a replica' : `${replicas} replicas`;
  const message = `${connection.where}: ${whose} did not confirm within ${timeout} s; the change may have happened`;
  return new Unconfirmed(message);
}
