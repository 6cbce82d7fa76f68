import { mergeLocks, type NumberLock } from './lock.js';
import numbers from './numbers.lock.json' with { type: 'json' };

/** The numbers of all operations that Tutti brings along. */
export const builtinNumbers: NumberLock = numbers;

/** A lock of one's own with the built-in numbers, which win: both ends know them. */
export function withBuiltin(own: NumberLock): NumberLock {
  return mergeLocks(own, builtinNumbers);
}
