import type { Collection } from '../../../core/ports/index.js';
import {
  type Encoded,
  fromStored,
  type IndexEntry,
  type KeyRange,
  type PreparedChange,
  toStored,
} from '../../../core/state/index.js';
import { part } from '../../shared/redis/index.js';

type Argument = string | number | Buffer;

/** Each change as {@link commitScript} takes it. */
export function argumentsOf(changes: readonly PreparedChange[]): Argument[] {
  return changes.flatMap((change): Argument[] => {
    const head = [change.kind, part(change.in.name), toStored(change.key), String(change.expect ?? '')];
    if (change.kind === 'delete') return head;
    const entries = entryArguments(change.entries);
    return [...head, contentOf(change.encoded), bytesOf(change.encoded), entries.length, ...entries];
  });
}

/** Index entries as the scripts take them. */
export function entryArguments(entries: readonly IndexEntry[]): string[] {
  return entries.flatMap(({ index, equals }) => [part(index), toStored(equals)]);
}

const contentOf = (encoded: Encoded): 'j' | 'b' => (typeof encoded === 'string' ? 'j' : 'b');
const bytesOf = (encoded: Encoded): Argument =>
  typeof encoded === 'string' ? encoded : Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);

/** A range as {@link listScript} takes it: one more than the page, to know whether there is another. */
export function rangeArguments(of: Collection<never>, range: KeyRange): Argument[] {
  const { index, from, inclusive, prefix, limit } = range;
  const first = `${inclusive ? '[' : '('}${toStored(from)}`;
  // No text has this byte, so it is above all that begins with the prefix.
  const last = prefix === '' ? '+' : Buffer.concat([Buffer.from(`[${toStored(prefix)}`), Buffer.from([0xff])]);
  const begin = inclusive && from === '' ? '-' : first;
  const which = index ? [part(index.name), toStored(index.equals)] : ['', ''];
  return [part(of.name), ...which, begin, last, limit + 1];
}

/** A value as it is kept. */
export interface Row {
  readonly key: string;
  readonly revision: number;
  readonly encoded: Encoded;
}

/** What {@link listScript} answers. */
export function rowsOf(answer: unknown): Row[] {
  const parts = answer as readonly Buffer[];
  const rows: Row[] = [];
  for (let at = 0; at < parts.length; at += 4) {
    const [key, revision, content, value] = parts.slice(at, at + 4);
    const encoded = value && encodedOf(String(content), value);
    if (key && encoded !== undefined) rows.push({ key: fromStored(String(key)), revision: Number(revision), encoded });
  }
  return rows;
}

/** @param content `j` or `b` */
export function encodedOf(content: string, value: Buffer): Encoded {
  return content === 'b' ? new Uint8Array(value) : value.toString('utf8');
}
