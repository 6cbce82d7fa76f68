/** Chance that can be repeated. */
export interface Chance {
  /** A whole number from 0 on, below the limit. */
  below(limit: number): number;
  one<T>(of: readonly [T, ...T[]]): T;
}

/** The same seed gives the same numbers (mulberry32, by Tommy Ettinger; public domain). */
export function chance(seed: number): Chance {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return { below, one: ([first, ...rest]) => rest[below(rest.length + 1) - 1] ?? first };
}
