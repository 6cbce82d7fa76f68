import { isPlainName } from './plain-name.js';
import { definePort } from './port.js';

/**
 * A lock could not be had, or was lost.
 * @experimental
 */
export class LockFault extends Error {
  override readonly name = 'LockFault';
  constructor(
    /**
     * - `lost`: the lease has run out, or somebody else may have it; the reason of {@link Lease.signal} alone.
     * - `newer`: a later version wrote what is there; this one must not.
     * - `foreign`: it is something of another program.
     * - `full`: there is no space; the same call can succeed once there is.
     * - `away`: it cannot be reached, or refuses, for the reason that the message gives.
     * - `closed`: it was called before `start` or after `stop`.
     */
    readonly reason: 'lost' | 'newer' | 'foreign' | 'full' | 'away' | 'closed',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * The right to do something that only one may do at a time, until it is released or lost.
 * @experimental
 */
export interface Lease {
  readonly name: string;
  /**
   * Greater than that of every lease of this name before: what is written under a lease carries it, and who keeps that
   * refuses a smaller one than it has seen. A positive safe integer.
   */
  readonly fence: number;
  /** Aborts with a {@link LockFault} `lost` as soon as somebody else may have the lease; never after a release. */
  readonly signal: AbortSignal;
  /**
   * Gives the lease up: one who waits gets it. Safe to call twice, and after a loss. Never rejects: where nobody can be told,
   * the lease runs out by itself.
   */
  release(): Promise<void>;
}

/**
 * Lets one of many do something at a time, over all hosts that share the provider.
 *
 * When: between `start` and `stop`, any calls at the same time. Before and after, `acquire` rejects as `closed`, and so
 * does each call that waits when `stop` is called. `stop` releases every lease; their signals abort as `lost`.
 *
 * After a crash: the leases of a host that is gone run out, after the time that the provider's documentation gives, and
 * go to those who wait. Fences go on growing.
 *
 * Again: a lease is not for who has it already: a second `acquire` of a name waits for the first to be released, in the
 * same host as well.
 *
 * What holds:
 * - A name has at most one lease whose signal has not aborted, as far as clocks and pauses allow (see below).
 * - Each lease of a name has a greater fence than all before it, those of an earlier run of any host included.
 * - A lease lasts until it is released, however long its holder works: the provider renews it.
 * - Who waits is told of a release, and of one whose holder is gone when its time is over. Within a host, leases of a name
 *   are had in the order of the calls; among hosts in any order.
 * - An abort of the signal ends a call that waits, with its reason; a lease that comes nevertheless is released. To a lease
 *   that was had it means nothing.
 * - A name is any well-formed text without U+0000 of 1 to 512 UTF-16 code units.
 *
 * What no lock of several hosts can promise: a host that stands still (a suspended machine, a long pause) does not learn in
 * time that its lease has run out, and a store that fails over may have forgotten a lease that was given. Two may then
 * believe for a while that they hold it. A lock therefore saves work and keeps order; what must never happen
 * twice is made safe by the fence, or by the compare-and-swap of the state.
 *
 * Errors: `acquire` rejects with a {@link LockFault} when leases cannot be given, at once or while it waits; with a
 * TypeError for what is no name; with the reason of its signal.
 * @experimental
 */
export interface LockProvider {
  /** Waits until the name is free. */
  acquire(name: string, options?: { readonly signal?: AbortSignal }): Promise<Lease>;
}

// Without a boundary: a lease lives on after its call, with a signal and a function, which no other thread can be given.
export const LockProvider = definePort<LockProvider>('lock', 'What only one of many hosts may do at a time');

/**
 * Whether `text` can be the name of a lock, for providers to check.
 * @experimental
 */
export function isLockName(text: string): boolean {
  return isPlainName(text);
}
