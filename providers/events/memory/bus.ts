import { EventEmitter, once } from 'node:events';
import { ulid } from 'ulid';
import { correlationId } from '../../../core/correlation/index.js';
import type { Clock, Health, Lifecycle, Logger } from '../../../core/plugin/index.js';
import type { EventBus, EventHandler, EventType, Subscription } from '../../../core/ports/index.js';
import { frozenCopy } from '../../../core/state/index.js';
import { Group } from './group.js';

export interface MemoryEventsOptions {
  /** Milliseconds before a failed delivery is tried again; doubles with every further attempt. */
  readonly firstDelay: number;
  /** Milliseconds between two attempts at most. */
  readonly maxDelay: number;
  /** From how many undelivered events on a person is told. */
  readonly warnAbove: number;
}

const settled = 'settled';

/** Events between the managers of one host. What is undelivered when the host stops is gone. */
export class MemoryEvents implements EventBus, Lifecycle {
  readonly durable = false;
  /** By event type, then by group. */
  readonly #groups = new Map<string, Map<string, Group>>();
  readonly #signals = new EventEmitter();
  #stopped = false;
  #warned = false;

  constructor(
    private readonly options: MemoryEventsOptions,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  async publish<T>(type: EventType<T>, payload: T): Promise<void> {
    this.#refuseWhenStopped();
    const publication = {
      id: ulid(),
      correlationId: correlationId() ?? ulid(),
      payload: payload === undefined ? undefined : frozenCopy(payload, `the payload of ${type.name}`),
    };
    for (const group of this.#groups.get(type.name)?.values() ?? []) if (group.subscribed) group.add(publication);
    this.#watchPending();
  }

  subscribe<T>(type: EventType<T>, group: string, handler: EventHandler<T>): Subscription {
    this.#refuseWhenStopped();
    const groups = this.#groups.get(type.name) ?? new Map<string, Group>();
    this.#groups.set(type.name, groups);
    const joined = groups.get(group) ?? this.#newGroup(`${type.name} for ${group}`);
    groups.set(group, joined);
    // Events of a type carry what was published as that type.
    return joined.join(handler as EventHandler<unknown>);
  }

  /** Waits until everything is delivered, except where a handler keeps failing. */
  async drain(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#all().some((group) => !group.settled)) {
      try {
        await once(this.#signals, settled, { signal });
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#all().map((group) => group.close()));
    const undelivered = this.#pending();
    if (undelivered > 0) this.log.warn('events were not delivered', { undelivered });
    this.#groups.clear();
  }

  health(): Health {
    const reasons = this.#all().flatMap(({ name, failure }) =>
      failure ? [`${name} has failed ${failure.attempts} times: ${failure.message}`] : [],
    );
    if (this.#pending() > this.options.warnAbove) reasons.push(`${this.#pending()} events wait for delivery`);
    return reasons.length > 0 ? { status: 'degraded', reason: reasons.join('; ') } : { status: 'ok' };
  }

  #newGroup(name: string): Group {
    const { firstDelay, maxDelay } = this.options;
    const onSettled = (): void => void this.#signals.emit(settled);
    return new Group({ name, clock: this.clock, log: this.log, firstDelay, maxDelay, onSettled });
  }

  #all(): Group[] {
    return [...this.#groups.values()].flatMap((groups) => [...groups.values()]);
  }

  #pending(): number {
    return this.#all().reduce((sum, group) => sum + group.pending, 0);
  }

  /** Warns once each time the limit is passed, not with every event above it. */
  #watchPending(): void {
    const pending = this.#pending();
    const above = pending > this.options.warnAbove;
    if (above && !this.#warned) this.log.warn('many events wait for delivery', { pending });
    this.#warned = above;
  }

  #refuseWhenStopped(): void {
    if (this.#stopped) throw new Error('the event bus has stopped');
  }
}
