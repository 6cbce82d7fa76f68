import { blobs, type Change, collection, put, remove, type StateProvider, type Stored } from '../../ports/index.js';

/** Half of a pair that is a document. */
export interface Half {
  readonly pair: number;
  readonly padding: string;
}
export const halves = collection<Half>('kit-crash', { byPair: ({ pair }) => [String(pair)] });
/** Halves that are bytes. */
export const byteHalves = blobs('kit-crash-bytes');

/** One half of a pair, kept in either collection. The writer always puts and deletes both in one commit. */
export interface Side {
  readonly key: string;
  readonly value: Half | Uint8Array;
}

/** Pairs are of two documents, of a document and bytes, and of bytes alone, in turns. */
export function sidesOf(pair: number): readonly [Side, Side] {
  // Enough that a commit fills more than one page of most stores, and now and then more than one write or batch.
  const size = pair % 17 === 3 ? 100_000 : (pair % 7) * 1_000;
  const document: Half = { pair, padding: 'x'.repeat(size) };
  const bytes = new Uint8Array(size).fill(pair);
  return [
    { key: `left-${pair}`, value: pair % 3 === 2 ? bytes : document },
    { key: `right-${pair}`, value: pair % 3 === 0 ? document : bytes },
  ];
}

export function putOf({ key, value }: Side): Change {
  return value instanceof Uint8Array ? put(byteHalves, key, value) : put(halves, key, value);
}

export function removeOf({ key, value }: Side): Change {
  return value instanceof Uint8Array ? remove(byteHalves, key) : remove(halves, key);
}

export function storedOf(store: StateProvider, { key, value }: Side): Promise<Stored<Half | Uint8Array> | undefined> {
  return value instanceof Uint8Array ? store.get(byteHalves, key) : store.get(halves, key);
}
