import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Change,
  defineProvider,
  type Lifecycle,
  put,
  remove,
  StateProvider,
  z,
} from '../../../core/plugin/index.js';
import { byteHalves, type Half, halves } from '../../../core/testing/state/halves.js';
import { MemoryState } from '../../../providers/state/memory/index.js';

/**
 * When a commit is written. All but the first are mutants:
 * - `soon`: a little after it was acknowledged.
 * - `bytes-at-stop`: one of bytes alone when the store is stopped.
 * - `large-in-parts`: of one over 64 KB the first change at once, and the others when the store is stopped, which is
 *   before it is acknowledged.
 */
const moments = z.enum(['at-once', 'soon', 'bytes-at-stop', 'large-in-parts']);

interface Line {
  readonly bytes: boolean;
  readonly key: string;
  /** Bytes in base64; absent: the value was deleted. */
  readonly value?: unknown;
}

function lineOf(change: Change): Line {
  const bytes = change.in.content === 'bytes';
  if (change.kind === 'delete') return { bytes, key: change.key };
  return {
    bytes,
    key: change.key,
    value: bytes ? Buffer.from(change.value as Uint8Array).toString('base64') : change.value,
  };
}

function changeOf({ bytes, key, value }: Line): Change {
  if (value === undefined) return bytes ? remove(byteHalves, key) : remove(halves, key);
  return bytes ? put(byteHalves, key, Buffer.from(value as string, 'base64')) : put(halves, key, value as Half);
}

/** A store that keeps a journal of the crash case's commits. */
class Journal implements Lifecycle {
  readonly inner = new MemoryState();
  readonly #owed: Line[][] = [];

  constructor(
    readonly file: string,
    readonly writes: z.output<typeof moments>,
  ) {}

  async start(): Promise<void> {
    const text = existsSync(this.file) ? readFileSync(this.file, 'utf8') : '';
    for (const line of text.split('\n').filter((each) => each !== '')) {
      await this.inner.commit((JSON.parse(line) as Line[]).map(changeOf));
    }
  }

  async commit(changes: readonly Change[]): Promise<number> {
    const lines = changes.map(lineOf);
    // The memory takes a commit at once, so that both are in the same order.
    const revision = this.inner.commit(changes);
    await this.#keep(lines);
    // The event loop goes on, as it would in a store that does something.
    await new Promise((resolve) => setImmediate(resolve));
    return revision;
  }

  stop(): void {
    for (const lines of this.#owed.splice(0)) this.#write(lines);
  }

  async #keep(lines: Line[]): Promise<void> {
    if (this.writes === 'soon') {
      this.#owed.push(lines);
      setTimeout(() => this.stop(), 20).unref();
    } else if (this.writes === 'bytes-at-stop' && lines.every(({ bytes }) => bytes)) {
      this.#owed.push(lines);
    } else if (this.writes === 'large-in-parts' && JSON.stringify(lines).length > 64_000) {
      this.#write(lines.slice(0, 1));
      this.#owed.push(lines.slice(1));
      await new Promise<never>(() => undefined);
    } else this.#write(lines);
  }

  #write(lines: readonly Line[]): void {
    appendFileSync(this.file, `${JSON.stringify(lines)}\n`);
  }
}

export default defineProvider({
  port: StateProvider,
  type: 'state.journal',
  version: '1.0.0',
  config: z.strictObject({ writes: moments }),
  create: ({ config, dataDir }): StateProvider & Lifecycle => {
    const journal = new Journal(join(dataDir, 'journal'), config.writes);
    const { inner } = journal;
    return {
      durable: true,
      get: (from, key) => inner.get(from, key),
      list: (from, query) => inner.list(from, query),
      count: (from, query) => inner.count(from, query),
      commit: (changes) => journal.commit(changes),
      watch: (on, signal) => inner.watch(on, signal),
      start: () => journal.start(),
      stop: () => journal.stop(),
    };
  },
});
