import { additionalMembers, type ProtoField, type ProtoFile, type ProtoMessage } from './model.js';
import { protoPackage } from './names.js';
import { representationMessage } from './representation.js';

/**
 * Numbers of fields by message (full name) and field, which is written with its type: `"limit: int64": 1`. A field of
 * another type is another field, as a number must never change its type. What was in it stays in it.
 */
export type NumberLock = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface Numbered {
  readonly file: ProtoFile;
  /** What it was, and what was added; messages and fields in the order of their names and numbers. */
  readonly lock: NumberLock;
  /** What the lock did not have, alone. */
  readonly added: NumberLock;
}

/** Gives every field its number: the locked one, or the next after all that its message ever had. */
export function assignNumbers(file: ProtoFile, lock: NumberLock): Numbered {
  const added = new Map<string, Map<string, number>>();
  const next = new Map(Object.entries(lock).map(([name, fields]) => [name, new Map(Object.entries(fields))]));
  const messages = new Map<string, ProtoMessage>();
  for (const message of file.messages.values()) {
    if (message.name === representationMessage.name) {
      messages.set(message.name, message);
      continue;
    }
    const numbers = next.get(message.name) ?? new Map<string, number>();
    next.set(message.name, numbers);
    let last = Math.max(0, ...numbers.values());
    const fields = message.fields.map((field) => {
      const key = keyOf(field);
      let number = numbers.get(key);
      if (number === undefined) {
        last = following(last);
        number = last;
        numbers.set(key, number);
        added.set(message.name, (added.get(message.name) ?? new Map<string, number>()).set(key, number));
      }
      return { ...field, number };
    });
    const used = new Set(fields.map(({ number }) => number));
    const reserved = [...numbers.values()].filter((number) => !used.has(number)).toSorted((a, b) => a - b);
    messages.set(message.name, { ...message, fields, reserved });
  }
  return { file: { ...file, messages }, lock: ordered(next), added: ordered(added) };
}

function keyOf({ json, shape, type }: ProtoField): string {
  const short = type.startsWith(`${protoPackage}.`) ? type.slice(protoPackage.length + 1) : type;
  const form = shape === 'single' ? short : shape === 'map' ? `map of ${short}` : `repeated ${short}`;
  return `${json === additionalMembers ? '(additional members)' : json}: ${form}`;
}

/** 19000 to 19999 are protobuf's own. */
function following(number: number): number {
  return number === 18_999 ? 20_000 : number + 1;
}

function ordered(numbers: ReadonlyMap<string, ReadonlyMap<string, number>>): NumberLock {
  return Object.fromEntries(
    [...numbers]
      .filter(([, fields]) => fields.size > 0)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, fields]) => [name, Object.fromEntries([...fields].toSorted(([, a], [, b]) => a - b))]),
  );
}

/**
 * @param text JSON
 * @param from the file's name, for faults
 * @throws Error saying what is wrong with it
 */
export function parseLock(text: string, from: string): NumberLock {
  let lock: unknown;
  try {
    lock = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${from} is no JSON; it is written by "tutti proto --lock ${from}"`, { cause });
  }
  if (!isRecord(lock)) throw new Error(`${from}: expected an object with an entry for each message`);
  for (const [message, fields] of Object.entries(lock)) {
    if (!isRecord(fields)) throw new Error(`${from}: ${message}: expected an object with a number for each field`);
    const seen = new Map<unknown, string>();
    for (const [field, number] of Object.entries(fields)) {
      if (!Number.isInteger(number) || Number(number) < 1 || Number(number) > 536_870_911) {
        throw new Error(`${from}: ${message}: "${field}": expected a whole number from 1, found ${String(number)}`);
      }
      const other = seen.get(number);
      if (other !== undefined) {
        throw new Error(
          `${from}: ${message}: "${other}" and "${field}" have the same number ${String(number)}; give the younger one the next free number`,
        );
      }
      seen.set(number, field);
    }
  }
  return lock as NumberLock;
}

/** Two locks in one; where both have a field, the second says its number. */
export function mergeLocks(one: NumberLock, other: NumberLock): NumberLock {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return ordered(new Map([...names].map((name) => [name, new Map(Object.entries({ ...one[name], ...other[name] }))])));
}

/** `tutti.v1.DeploymentsListRequest limit: int64`, for each entry. */
export function entriesOf(lock: NumberLock): string[] {
  return Object.entries(lock).flatMap(([name, fields]) => Object.keys(fields).map((field) => `${name} ${field}`));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
