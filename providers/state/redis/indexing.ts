import type { Collection } from '../../../core/ports/index.js';
import { Declarations, decodeValue, indexEntries, keyRange, toStored } from '../../../core/state/index.js';
import { part, type RedisClient } from '../../shared/redis/index.js';
import { entryArguments, type Row, rangeArguments, rowsOf } from './layout.js';
import { listScript, reindexScript } from './scripts.js';

/** Sees that the indexes of every collection are those that it declares before anything is asked of them. */
export class Indexing {
  readonly #declarations = new Declarations();
  readonly #prints = new Map<string, string>();
  readonly #ready = new Map<string, Promise<void>>();

  /** @param indexed told when values were indexed anew */
  constructor(
    private readonly keyspace: string,
    private readonly client: () => Promise<RedisClient>,
    private readonly indexed: (collection: string) => void,
  ) {}

  /** @throws TypeError when the collection is declared in two ways */
  async meet(collection: Collection<never>): Promise<void> {
    const { name } = collection;
    this.#declarations.meet(collection, (print) => this.#prints.set(name, print));
    const ready = this.#ready.get(name) ?? this.#index(collection, this.#prints.get(name) ?? '');
    this.#ready.set(name, ready);
    try {
      await ready;
    } catch (error) {
      // Tried again by the next who comes, unless somebody does already.
      if (this.#ready.get(name) === ready) this.#ready.delete(name);
      throw error;
    }
  }

  async #index(collection: Collection<never>, print: string): Promise<void> {
    const client = await this.client();
    const key = `${this.keyspace}:print:${part(collection.name)}`;
    const written = await client.get(key);
    if (written === print) return;
    let count = 0;
    for (let after: string | undefined; ; ) {
      const range = keyRange(collection, { limit: 500, ...(after !== undefined && { after }) });
      const rows = rowsOf(await listScript.run(client, this.keyspace, ...rangeArguments(collection, range)));
      const here = rows.slice(0, range.limit);
      await Promise.all(here.map((row) => this.#indexOne(client, collection, row)));
      count += here.length;
      const last = here.at(-1);
      if (rows.length <= range.limit || last === undefined) break;
      after = last.key;
    }
    await client.set(key, print);
    if (count > 0) this.indexed(collection.name);
  }

  async #indexOne<T>(client: RedisClient, of: Collection<T>, { key, revision, encoded }: Row): Promise<void> {
    const entries = indexEntries(of, key, decodeValue(of, key, encoded));
    await reindexScript.run(client, this.keyspace, part(of.name), toStored(key), revision, ...entryArguments(entries));
  }
}
