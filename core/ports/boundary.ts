/**
 * How a member of an interface behaves when its two sides are not in one thread.
 * - `call`: asynchronous; the `deadline` of its isolation ends it.
 * - `long`: asynchronous, and takes as long as it takes: only its own signal ends it.
 * - `stream`: an asynchronous iterable; what it is given counts from the moment of the call.
 * - `handle`: answers at once with something that has an asynchronous `close` and nothing else.
 * - `constant`: no function; the same from `create` on.
 * @experimental
 */
export type MemberKind = 'call' | 'long' | 'stream' | 'handle' | 'constant';

type KindsOf<M> = M extends (...args: never[]) => infer R
  ? R extends Promise<unknown>
    ? 'call' | 'long'
    : R extends AsyncIterable<unknown>
      ? 'stream'
      : R extends { close(): Promise<void> }
        ? 'handle'
        : never
  : 'constant';

/**
 * Everything that the host must know of an interface to carry it over to another thread or process, as data.
 * @experimental
 */
export interface Boundary<T> {
  readonly members: { readonly [K in keyof T]-?: KindsOf<NonNullable<T[K]>> };
  /** Errors that arrive on the other side as what they are; any other one arrives as an `Error`. */
  readonly faults: readonly (new (
    ...args: never[]
  ) => Error)[];
  /** What a call rejects with when the other side is gone, or takes too long: an error that the interface allows. */
  readonly broken: (message: string) => Error;
  /** Whether functions may be among the arguments; they are called back from the other side, asynchronously. */
  readonly functions: boolean;
  /** Why an implementation cannot be on the other side, where only users can. */
  readonly providedHere?: string;
}
