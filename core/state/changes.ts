import { type Change, type Collection, type Expectation, StateConflict } from '../ports/state.js';
import { checkText, type Encoded, encodeValue, type IndexEntry, indexEntries } from './document.js';

interface PreparedBase {
  readonly in: Collection<never>;
  readonly key: string;
  readonly expect: Expectation;
}
/**
 * A put with its value as it is kept.
 *
 * @experimental
 */
export interface PreparedPut extends PreparedBase {
  readonly kind: 'put';
  readonly encoded: Encoded;
  readonly entries: readonly IndexEntry[];
}
export interface PreparedDelete extends PreparedBase {
  readonly kind: 'delete';
}
/**
 * A change with its value already encoded and indexed: nothing of it can change or fail on the caller's side any more.
 *
 * @experimental
 */
export type PreparedChange = PreparedPut | PreparedDelete;

/**
 * Checks and encodes the changes of a commit.
 *
 * @throws TypeError when a key, value or index entry cannot be kept, or a key appears twice
 * @experimental
 */
export function prepareChanges(changes: readonly Change[]): readonly PreparedChange[] {
  const seen = new Set<string>();
  return changes.map((change) => {
    checkText(change.key, `${change.in.name}: a key`);
    // No key holds U+0000, so the pair is unambiguous.
    const id = `${change.in.name}\0${change.key}`;
    if (seen.has(id)) throw new TypeError(`${change.in.name}/${change.key}: a key appears once per commit`);
    seen.add(id);
    const base = { in: change.in, key: change.key, expect: change.expect };
    if (change.kind === 'delete') return { ...base, kind: 'delete' };
    const encoded = encodeValue(change.in, change.key, change.value);
    const entries = indexEntries(change.in as Collection<unknown>, change.key, change.value);
    return { ...base, kind: 'put', encoded, entries };
  });
}

/**
 * @throws StateConflict when the value's present revision is not what the change expects
 *
 * @experimental
 */
export function checkExpectation(change: PreparedChange, found: number | undefined): void {
  if (change.expect === undefined || change.expect === (found ?? 'absent')) return;
  throw new StateConflict(change.in.name, change.key, change.expect, found ?? 'absent');
}
