import { isPlainName } from './plain-name.js';
import { definePort } from './port.js';

/**
 * A named queue of work whose items carry a payload of one shape. Declared once by the manager that does the work.
 * @experimental
 */
export interface WorkQueue<T> {
  readonly name: string;
  readonly carries?: T;
}

/**
 * Declares a work queue. Its name is `<manager>.<what is done>`; the same name is the same queue, in every host over one
 * provider.
 *
 * @param name well-formed text without U+0000
 * @experimental
 */
export function workQueue<T>(name: string): WorkQueue<T> {
  return Object.freeze({ name });
}

/**
 * What a handler is given beside the payload.
 * @experimental
 */
export interface WorkMeta {
  /** Of the item, as it was enqueued. */
  readonly id: string;
  /** 1 at first, and one more each time that it failed, or that its worker was lost. */
  readonly attempt: number;
  /**
   * Aborts when another worker may have the item, the worker is stopped, or the provider stops. A handler that can stop early should, and reject;
   * what it does then is not taken for a failure.
   */
  readonly signal: AbortSignal;
}

/**
 * Does the work of one item. When it throws, whatever that is, or rejects, the item is tried again later.
 * @experimental
 */
export type WorkHandler<T> = (payload: T, meta: WorkMeta) => Promise<void> | void;

/**
 * A handler at work.
 * @experimental
 */
export interface Worker {
  /**
   * Takes no more items and waits for those under way. Safe to call twice.
   *
   * @param options stop: tells the handlers by their signals that nobody waits for what they do; what rejects then is no
   *   failure, and waits as it did before it was taken
   */
  close(options?: { readonly stop?: boolean }): Promise<void>;
}

/**
 * An item that was given up after its last attempt, for a person to look at.
 * @experimental
 */
export interface FailedItem {
  readonly id: string;
  readonly payload: unknown;
  /** How often it was tried. */
  readonly attempts: number;
  /** What the last attempt failed with, in words. */
  readonly reason: string;
  /** When it was given up, milliseconds since the epoch. */
  readonly at: number;
}

/**
 * A part of the failed items.
 * @experimental
 */
export interface FailedPage {
  readonly items: readonly FailedItem[];
  /** Pass as `after` to go on; absent on the last page. */
  readonly next?: string;
}

/**
 * Work could not be kept or looked at.
 * @experimental
 */
export class QueueFault extends Error {
  override readonly name = 'QueueFault';
  constructor(
    /**
     * - `newer`: a later version wrote what is there; this one must not.
     * - `foreign`: it is something of another program.
     * - `full`: there is no space; nothing was kept, and the same call can succeed once there is.
     * - `away`: it cannot be reached, or refuses, for the reason that the message gives; the call may have had its effect.
     * - `closed`: it was called before `start` or after `stop`.
     */
    readonly reason: 'newer' | 'foreign' | 'full' | 'away' | 'closed',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Work that is to be done once each, later, by whichever host has a hand free.
 *
 * When: between `start` and `stop`, any calls at the same time; before and after, they reject as `closed`, and `work`
 * throws that. Draining takes no more items. `stop` closes every worker, tells their handlers by their signals, and waits
 * for them.
 *
 * After a crash: `durable` tells whether an item whose `enqueue` resolved survives kill -9 and a reboot (memory: no).
 * Where it does, an item that was being worked on goes to another worker, or to the same host when it is back, after the
 * time that the provider's documentation gives. Managers must not need it: what has to be done after a crash is derived
 * from state at start, and enqueued again.
 *
 * Again: an item that waits (for its first attempt or another one) or is worked on is not enqueued a second time: the call
 * resolves, and changes neither its payload nor its place. One that is done is forgotten, and can be enqueued
 * anew; one that failed for good as well, and is then no longer among the failed.
 *
 * What holds:
 * - Each item is worked on at least once, and at most by one worker at a time as far as clocks and pauses allow: a host
 *   that stands still for longer than the provider waits for a sign of life may find that another has its item, which the
 *   signal tells it. Handlers are therefore idempotent.
 * - Each worker has at most `parallel` items at a time. Items that wait for their first attempt are taken in the order in
 *   which they were enqueued, over all hosts.
 * - An item that fails, or whose worker is lost, is tried again after a pause (back-off), while others are worked on. After
 *   as many attempts as the provider's config allows it is kept as failed, with its reason, until it is enqueued or retried.
 * - A worker is told of new items; it does not have to ask.
 * - An id is well-formed text without U+0000 of 1 to 512 UTF-16 code units; items of two queues have nothing in common.
 * - A payload is JSON and arrives as that, as it was when `enqueue` was called; a handler cannot change it for another
 *   attempt.
 *
 * Errors: every call rejects with a {@link QueueFault} when the queue cannot be used, and with a TypeError for a payload
 * that is no JSON, for what is no id and for a name that is none; `failed` with a RangeError for a limit out of range. What
 * a handler throws reaches nobody but the log and {@link FailedItem.reason}.
 * @experimental
 */
export interface QueueProvider {
  /** Whether an item whose `enqueue` resolved survives kill -9 and a reboot. */
  readonly durable: boolean;
  /** Resolves when the item is kept; it may be worked on before that. */
  enqueue<T>(queue: WorkQueue<T>, id: string, payload: T): Promise<void>;
  /**
   * Works on items from now on.
   *
   * @param options parallel: how many items at a time; 1 unless told
   * @throws QueueFault `closed`, RangeError when `parallel` is no positive integer
   */
  work<T>(queue: WorkQueue<T>, handler: WorkHandler<T>, options?: { readonly parallel?: number }): Worker;
  /**
   * One page of what was given up, by id in code-unit order.
   *
   * @param page limit: at most this many (1 to 1,000; 100 unless told)
   */
  failed<T>(queue: WorkQueue<T>, page?: { readonly limit?: number; readonly after?: string }): Promise<FailedPage>;
  /**
   * Has a failed item worked on again, with as many attempts as a new one.
   * @returns false when there is no such failed item
   */
  retry<T>(queue: WorkQueue<T>, id: string): Promise<boolean>;
}

export const QueueProvider = definePort<QueueProvider>(
  'queue',
  'Work that one of many hosts does, each item at least once',
  {
    boundary: {
      members: { durable: 'constant', enqueue: 'call', work: 'handle', failed: 'call', retry: 'call' },
      faults: [QueueFault],
      broken: (message) => new QueueFault('away', message),
      functions: true,
    },
  },
);

/**
 * Whether `text` can be the id of an item, for providers to check.
 * @experimental
 */
export function isItemId(text: string): boolean {
  return isPlainName(text);
}
