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
import { type Half, halves } from '../../../core/testing/state/ledger.js';
import { MemoryState } from '../../../providers/state/memory/index.js';

interface Line {
  readonly key: string;
  readonly value?: Half;
}

/** A store that keeps a journal of the crash case's commits, and either writes it before it answers or after. */
class Journal implements Lifecycle {
  readonly inner = new MemoryState();
  #owed: string[] = [];

  constructor(
    readonly file: string,
    readonly early: boolean,
  ) {}

  async start(): Promise<void> {
    const text = existsSync(this.file) ? readFileSync(this.file, 'utf8') : '';
    for (const line of text.split('\n').filter((each) => each !== '')) {
      const changes = (JSON.parse(line) as Line[]).map(({ key, value }) =>
        value ? put(halves, key, value) : remove(halves, key),
      );
      await this.inner.commit(changes);
    }
  }

  async commit(changes: readonly Change[]): Promise<number> {
    const line = changes.map((change) => ({ key: change.key, ...(change.kind === 'put' && { value: change.value }) }));
    // The memory takes a commit at once, so that both are in the same order.
    const revision = this.inner.commit(changes);
    this.#owed.push(`${JSON.stringify(line)}\n`);
    if (this.early) setTimeout(() => this.stop(), 20).unref();
    else this.stop();
    // The event loop goes on, as it would in a store that does something.
    await new Promise((resolve) => setImmediate(resolve));
    return revision;
  }

  stop(): void {
    appendFileSync(this.file, this.#owed.join(''));
    this.#owed = [];
  }
}

/** `early: true` is the mutant: it acknowledges before it is durable. */
export default defineProvider({
  port: StateProvider,
  type: 'state.journal',
  version: '1.0.0',
  config: z.strictObject({ early: z.boolean() }),
  create: ({ config, dataDir }): StateProvider & Lifecycle => {
    const journal = new Journal(join(dataDir, 'journal'), config.early);
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
