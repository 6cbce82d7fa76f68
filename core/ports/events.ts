import { definePort } from './port.js';

/**
 * A typed, named event. Declared once by the manager that publishes it.
 * @stable since 0.1.0
 */
export interface EventType<T> {
  readonly name: string;
  readonly carries?: T;
}

/**
 * Declares an event. Its name is `<manager>.<what happened>`, unique in a host.
 * @stable since 0.1.0
 */
export function eventType<T>(name: string): EventType<T> {
  return Object.freeze({ name });
}

/**
 * What a handler is given beside the payload.
 * @stable since 0.1.0
 */
export interface EventMeta {
  /**
   * The same on every delivery of one publication, and that of no other one, those before a restart included: the key for
   * an idempotent handler.
   */
  readonly id: string;
  readonly correlationId: string;
  /** 1 on the first delivery, and one more after each failure. A bus may count anew after a restart. */
  readonly attempt: number;
}

/**
 * Handles one event at a time. When it throws, whatever that is, or rejects, it is called again with the same event.
 * @stable since 0.1.0
 */
export type EventHandler<T> = (payload: T, meta: EventMeta) => Promise<void> | void;

/**
 * A group's handler on the bus.
 * @stable since 0.1.0
 */
export interface Subscription {
  /** Ends deliveries and waits for the one under way. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * What carries events could not do what was asked.
 * @experimental
 */
export class EventFault extends Error {
  override readonly name = 'EventFault';
  constructor(
    /**
     * - `newer`: a later version wrote what is there; this one must not.
     * - `foreign`: it is something of another program.
     * - `full`: there is no space; nobody was told, and the same publication can succeed once there is.
     * - `away`: it cannot be reached, or refuses, for the reason that the message gives; groups may have been told.
     */
    readonly reason: 'newer' | 'foreign' | 'full' | 'away',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Carries what must travel upward or sideways between managers.
 *
 * When: between `start` and `stop`, any calls at the same time. Draining waits for all deliveries but those that keep
 * failing. `stop` ends deliveries as closing every subscription does: it waits for those under way, never for what keeps
 * failing. After it no handler is called, `subscribe` throws and `publish` rejects.
 *
 * After a crash: `durable` tells whether an undelivered event survives a restart and kill -9 (memory: no). Where it is
 * true, each event whose `publish` resolved, and that a group has not handled, waits for that group to subscribe again,
 * under its ids. Managers must not need it: whatever has to happen after a crash is derived from state at start.
 *
 * Over hosts: hosts that share a bus share its groups. Then all of this holds for a group whichever hosts its handlers are
 * on, and what is undelivered when a host dies goes to another one. A host learns shortly after `subscribe` returned that
 * there is a group on another; a durable bus goes on keeping events for a group that nobody is subscribed to at the moment.
 *
 * Again: an event may be delivered more than once, under the same {@link EventMeta.id}, also when it was handled and
 * later ones were; handlers are therefore idempotent.
 *
 * What holds:
 * - At least once to every group that was subscribed when `publish` was called; within a group to one handler, but for
 *   one that is delivered again.
 * - A handler that throws is called again after a pause (back-off, by the clock of the bus's entry), without end; what was
 *   published after it waits.
 * - Events of one publisher first reach a group in the order they were published, one at a time.
 * - A payload is JSON, or `undefined`, and arrives as that; each handler sees it as it was when `publish` was called, and
 *   cannot change it.
 * - What is undelivered when the last handler of a group closes waits for the group to subscribe again.
 *
 * Errors: `publish` rejects, and nobody is told, when the payload is no JSON (TypeError) or the bus has stopped; and with
 * an {@link EventFault} when what carries events cannot. It does not wait for handlers, and never rejects for what they
 * throw.
 * @stable since 0.1.0
 */
export interface EventBus {
  readonly durable: boolean;
  publish<T>(type: EventType<T>, payload: T): Promise<void>;
  /** @param group the subscriber's stable name; two subscriptions of one group share the events */
  subscribe<T>(type: EventType<T>, group: string, handler: EventHandler<T>): Subscription;
}

export const EventBus = definePort<EventBus>('events', 'Typed events between managers, at least once', {
  boundary: {
    members: { durable: 'constant', publish: 'call', subscribe: 'handle' },
    faults: [EventFault],
    broken: (message) => new EventFault('away', message),
    functions: true,
  },
});
