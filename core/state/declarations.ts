import { createHash } from 'node:crypto';
import type { Collection } from '../ports/state.js';

/**
 * Knows which collections a store has met, so that one whose indexes changed since its values were written can be
 * indexed anew, and one that is declared in two ways is noticed before it loses entries.
 *
 * @experimental
 */
export class Declarations {
  readonly #met = new WeakSet<object>();
  readonly #prints = new Map<string, string>();

  /**
   * @param onFirst called once for each name, with a digest of its indexes; when it throws, the collection stays unmet
   * @throws TypeError when the name was met with other indexes or another content
   */
  meet(collection: Collection<never>, onFirst: (print: string) => void = () => undefined): void {
    if (this.#met.has(collection)) return;
    const print = indexPrint(collection);
    const known = this.#prints.get(collection.name);
    if (known === undefined) onFirst(print);
    else if (known !== print) throw new TypeError(`the collection ${collection.name} is declared in two ways`);
    this.#prints.set(collection.name, print);
    this.#met.add(collection);
  }
}

/** A digest of what is indexed and how: the names of the indexes and the text of their functions. */
function indexPrint(collection: Collection<never>): string {
  const indexes = Object.entries(collection.indexes).map(([name, entriesOf]) => [name, String(entriesOf)]);
  return createHash('sha256')
    .update(JSON.stringify([collection.content, indexes.sort()]))
    .digest('hex');
}
