import { createHash } from 'node:crypto';
import type { RedisClient } from './options.js';

/** A Lua script: Redis runs it alone, wholly or not at all, and is sent its text only where it does not know it yet. */
export class Script {
  readonly #hash: string;

  /** @param keys how many of the arguments are keys; a cluster finds the node by the first */
  constructor(
    private readonly lua: string,
    private readonly keys: number,
  ) {
    this.#hash = createHash('sha1').update(lua).digest('hex');
  }

  /** Runs it; texts of the answer are bytes. @throws as Redis or the line to it does */
  async run(client: RedisClient, ...args: readonly (string | number | Buffer)[]): Promise<unknown> {
    try {
      return await client.callBuffer('EVALSHA', [this.#hash, this.keys, ...args]);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return client.callBuffer('EVAL', [this.lua, this.keys, ...args]);
    }
  }
}
