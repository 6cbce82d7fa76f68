import {
  type Change,
  type Collection,
  type Page,
  StateConflict,
  type StateProvider,
  type Stored,
} from '../../../ports/index.js';

/**
 * As much of a store as idempotency keys need: keys that are there or not. A kit brings all of its own, and knows no
 * provider.
 */
export function keyStore(): StateProvider {
  const values = new Map<string, Stored<unknown>>();
  const nameOf = (name: string, key: string): string => `${name}/${key}`;
  let revision = 0;
  const none = async (): Promise<Page<never>> => ({ items: [] });
  return {
    durable: false,
    get: async <T>(from: Collection<T>, key: string) => values.get(nameOf(from.name, key)) as Stored<T> | undefined,
    list: none,
    count: async () => 0,
    commit: async (changes: readonly Change[]) => {
      for (const { in: at, key, expect } of changes) {
        const found = values.get(nameOf(at.name, key));
        if (expect === 'absent' && found) throw new StateConflict(at.name, key, expect, found.revision);
      }
      revision += 1;
      for (const change of changes) {
        const name = nameOf(change.in.name, change.key);
        if (change.kind === 'delete') values.delete(name);
        else values.set(name, { key: change.key, revision, value: change.value });
      }
      return revision;
    },
    watch: async function* () {
      // Nobody watches it.
    },
  };
}
