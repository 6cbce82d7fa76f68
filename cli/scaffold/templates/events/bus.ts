import { randomUUID } from 'node:crypto';
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

export class Bus implements EventBus, Lifecycle {
  readonly durable = false;
  /** By type of event, then by name. */
  readonly #groups = new Map<string, Map<string, Group>>();

  constructor(
    private readonly pauses: Pauses,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  async publish<T>(type: EventType<T>, payload: T): Promise<void> {
    const event = {
      id: randomUUID(),
      // Of the call under way, so that what it causes can be found in the log.
      correlationId: correlationId() ?? randomUUID(),
      payload: payload === undefined ? undefined : frozenCopy(payload, `the payload of ${type.name}`),
    };
    for (const group of this.#groups.get(type.name)?.values() ?? []) group.add(event);
  }

  subscribe<T>(type: EventType<T>, name: string, handler: EventHandler<T>): Subscription {
    const groups = this.#groups.get(type.name) ?? new Map<string, Group>();
    this.#groups.set(type.name, groups);
    const group = groups.get(name) ?? new Group(this.pauses, this.clock, this.log);
    groups.set(name, group);
    // Events of a type carry what was published as that type.
    return group.join(handler as EventHandler<unknown>);
  }

  async stop(): Promise<void> {
    const groups = [...this.#groups.values()].flatMap((byName) => [...byName.values()]);
    await Promise.all(groups.map((group) => group.close()));
  }
}
