import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import {
  type Clock,
  correlationId,
  type EventBus,
  type EventHandler,
  type EventType,
  frozenCopy,
  type Lifecycle,
  type Logger,
  type Subscription,
} from 'tutti/plugin';
import { Group, type Pauses } from './group.ts';

const settled = 'settled';

export class Bus implements EventBus, Lifecycle {
  readonly durable = false;
  /** By type of event, then by name. */
  readonly #groups = new Map<string, Map<string, Group>>();
  readonly #signals = new EventEmitter();
  #stopped = false;

  constructor(
    private readonly pauses: Pauses,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  async publish<T>(type: EventType<T>, payload: T): Promise<void> {
    this.#refuseWhenStopped();
    const event = {
      id: randomUUID(),
      // Of the call under way, so that what it causes can be found in the log.
      correlationId: correlationId() ?? randomUUID(),
      payload: payload === undefined ? undefined : frozenCopy(payload, `the payload of ${type.name}`),
    };
    for (const group of this.#groups.get(type.name)?.values() ?? []) group.add(event);
  }

  subscribe<T>(type: EventType<T>, name: string, handler: EventHandler<T>): Subscription {
    this.#refuseWhenStopped();
    const groups = this.#groups.get(type.name) ?? new Map<string, Group>();
    this.#groups.set(type.name, groups);
    const group = groups.get(name) ?? this.#newGroup();
    groups.set(name, group);
    // Events of a type carry what was published as that type.
    return group.join(handler as EventHandler<unknown>);
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
  }

  #newGroup(): Group {
    return new Group(this.pauses, this.clock, this.log, () => void this.#signals.emit(settled));
  }

  #all(): Group[] {
    return [...this.#groups.values()].flatMap((byName) => [...byName.values()]);
  }

  #refuseWhenStopped(): void {
    if (this.#stopped) throw new Error('the event bus has stopped');
  }
}
