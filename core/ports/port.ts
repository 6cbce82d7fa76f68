import type { z } from 'zod';
import type { Boundary } from './boundary.js';

/**
 * A typed name for something that one entry of a profile provides and another uses.
 * The type travels with the value, so that wiring needs no casts and no decorator metadata.
 * @stable since 0.1.0
 */
export interface Ref<T> {
  readonly id: string;
  /** How its interface is carried over to another thread or process; without it that is not possible. */
  readonly boundary?: Boundary<T>;
  /** Never present at run time; carries the type. */
  readonly carries?: T;
}

/**
 * Makes a ref. Equal ids are the same ref, so that two copies of a package agree.
 * @stable since 0.1.0
 */
export function ref<T>(id: string, boundary?: Boundary<T>): Ref<T> {
  return Object.freeze({ id, ...(boundary && { boundary }) });
}

/**
 * A ref whose implementations are providers: its id is the prefix of their types (`state` -> `state.sqlite`).
 *
 * @typeParam T what a provider implements
 * @typeParam D what a definition of this port declares of its providers as data
 * @stable since 0.1.0
 */
export interface Port<T, D = undefined> extends Ref<T> {
  readonly summary: string;
  /** What `declares` of a definition is held to when its plugin is loaded. */
  readonly declaration?: z.ZodType<D>;
}

/**
 * Makes a port. `id` is in lower case, as the prefix of types.
 * @stable since 0.1.0
 */
export function definePort<T, D = undefined>(
  id: string,
  summary: string,
  more: Pick<Port<T, D>, 'boundary' | 'declaration'> = {},
): Port<T, D> {
  return Object.freeze({ id, summary, ...more });
}
