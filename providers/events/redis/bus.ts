import { EventEmitter, once } from 'node:events';
import { ulid } from 'ulid';
import { correlationId } from '../../../core/correlation/index.js';
import type { Health, Lifecycle } from '../../../core/plugin/index.js';
import type { EventBus, EventHandler, EventType, Subscription } from '../../../core/ports/index.js';
import { jsonText } from '../../../core/state/index.js';
import { unlessAborted } from '../../../core/work/index.js';
import { originalOf, part, type RedisConnection, type RedisParts, RedisStore } from '../../shared/redis/index.js';
import { Attendance } from './attendance.js';
import { Backlog } from './backlog.js';
import { eventFault } from './faults.js';
import { Group } from './group.js';
import { Line } from './line.js';
import { Outbox, type Outgoing } from './outbox.js';
import { format, publishScript } from './scripts.js';
import { SignsOfLife } from './signs-of-life.js';

export interface RedisEventsParts extends RedisParts {
  /** Milliseconds before a failed delivery is tried again; doubles with every further attempt. */
  readonly firstDelay: number;
  /** Milliseconds between two attempts at most. */
  readonly maxDelay: number;
  /** Seconds without a sign of life after which what another host delivers is taken from it. */
  readonly claimAfter: number;
  /** Days after which a group is forgotten that no host subscribes to. */
  readonly forgetAfter: number;
  /** From how many unhandled events of a type on a person is told. */
  readonly warnAbove: number;
}

/** Events between the managers of all hosts that share a Redis. */
export class RedisEvents implements EventBus, Lifecycle {
  readonly #parts: RedisEventsParts;
  readonly #store: RedisStore;
  readonly #delivering: RedisConnection;
  readonly #outbox = new Outbox((batch) => this.#send(batch));
  readonly #line: Line;
  readonly #signs: SignsOfLife;
  readonly #attendance: Attendance;
  readonly #backlog: Backlog;
  readonly #progress = new EventEmitter<{ made: [] }>().setMaxListeners(0);
  /** By event type, then by name. */
  readonly #groups = new Map<string, Map<string, Group>>();
  #stopped = false;

  constructor(parts: RedisEventsParts) {
    this.#parts = parts;
    const { clock, log, forgetAfter, warnAbove } = parts;
    const claimAfter = parts.claimAfter * 1000;
    this.#store = new RedisStore(parts, { kind: 'events', format });
    // Deliveries do not wait behind a publication that waits for replicas.
    this.#delivering = this.#store.line('deliver');
    const around = { keyspace: this.#store.keyspace, clock, log, claimAfter };
    const line = new Line({ ...around, connection: this.#delivering, host: ulid() });
    this.#line = line;
    this.#signs = new SignsOfLife({ ...around, line });
    const subscribed = (): readonly Group[] => this.#all().filter((group) => group.subscribed);
    this.#attendance = new Attendance({ ...around, line, forgetAfter, subscribed });
    this.#backlog = new Backlog({ ...around, line, warnAbove });
    this.#store.hear((type) => {
      for (const group of type === undefined ? this.#all() : this.#of(type)) group.wake();
    });
  }

  get durable(): boolean {
    return this.#store.durable;
  }

  /** @throws EventFault when it cannot be used; its `reason` and text say why */
  async start(signal: AbortSignal = new AbortController().signal): Promise<void> {
    try {
      await this.#store.open(signal);
    } catch (error) {
      throw eventFault(error, this.#store.where);
    }
    this.#signs.start();
    this.#attendance.start();
    this.#backlog.start();
  }

  async publish<T>(type: EventType<T>, payload: T): Promise<void> {
    this.#refuseWhenStopped();
    const text = payload === undefined ? undefined : jsonText(payload, `the payload of ${type.name}`);
    await this.#outbox.add({ type: type.name, id: ulid(), correlationId: correlationId() ?? ulid(), text });
  }

  subscribe<T>(type: EventType<T>, group: string, handler: EventHandler<T>): Subscription {
    this.#refuseWhenStopped();
    const groups = this.#groups.get(type.name) ?? new Map<string, Group>();
    this.#groups.set(type.name, groups);
    const joined = groups.get(group) ?? this.#newGroup(type.name, group);
    groups.set(group, joined);
    // Events of a type carry what was published as that type.
    return joined.join(handler as EventHandler<unknown>);
  }

  /** Waits until there is nothing to deliver on this host, except where a handler keeps failing or Redis is away. */
  async drain(signal: AbortSignal): Promise<void> {
    // What a handler publishes may be for a group that had nothing to do.
    for (let handled = -1; handled !== this.#handled() && !signal.aborted; ) {
      handled = this.#handled();
      await this.#looked(signal);
    }
  }

  async stop(signal: AbortSignal = new AbortController().signal): Promise<void> {
    this.#stopped = true;
    const groups = this.#all();
    await Promise.all(groups.map((group) => group.close()));
    const told = Promise.all([this.#outbox.idle(), ...groups.map((group) => group.stop())]);
    if (this.#delivering.fault === undefined) await unlessAborted(signal, told).catch(() => undefined);
    const closed = this.#store.close();
    await Promise.all([told, closed, this.#signs.stop(), this.#attendance.stop(), this.#backlog.stop()]);
    this.#groups.clear();
  }

  health(): Health {
    const failures = this.#all().flatMap(({ name: { type, group }, failure }) =>
      failure ? [`${type} for ${group} has failed ${failure.attempts} times: ${failure.message}`] : [],
    );
    return this.#store.health([...failures, ...this.#backlog.reasons]);
  }

  #newGroup(type: string, group: string): Group {
    const { clock, log, firstDelay, maxDelay, claimAfter } = this.#parts;
    return new Group({
      type,
      group,
      line: this.#line,
      signs: this.#signs,
      claimAfter: claimAfter * 1000,
      clock,
      log,
      firstDelay,
      maxDelay,
      progress: () => void this.#progress.emit('made'),
    });
  }

  #of(type: string): readonly Group[] {
    return [...(this.#groups.get(type)?.values() ?? [])];
  }

  #all(): readonly Group[] {
    return [...this.#groups.values()].flatMap((groups) => [...groups.values()]);
  }

  #handled(): number {
    return this.#all().reduce((sum, { handled }) => sum + handled, 0);
  }

  /** Has every group look for something to do, and waits until none finds any. */
  async #looked(signal: AbortSignal): Promise<void> {
    const asked = this.#all().map((group) => ({ group, questions: group.questions }));
    for (const { group } of asked) group.wake();
    while (!signal.aborted && asked.some(({ group, questions }) => !group.settledSince(questions)))
      await once(this.#progress, 'made', { signal }).catch(() => undefined);
  }

  async #send(batch: readonly Outgoing[]): Promise<void> {
    const types = new Set(batch.map(({ type }) => type));
    // A group of this host that Redis has not heard of yet was subscribed nevertheless.
    const groups = [...types].flatMap((type) => this.#of(type)).filter(({ subscribed, known }) => subscribed || !known);
    const heads = groups.flatMap(({ name: { type, group }, from }) => [part(type), part(group), from]);
    const events = batch.flatMap(({ type, id, correlationId, text }) => {
      return [part(type), id, correlationId, text === undefined ? 'u' : 'j', text ?? ''];
    });
    try {
      const answer = await this.#store.write(publishScript, [groups.length, ...heads, ...events]);
      const waiting = answer as readonly (Buffer | number)[];
      for (let at = 0; at + 1 < waiting.length; at += 2) {
        this.#backlog.note(originalOf(String(waiting[at])), Number(waiting[at + 1]));
      }
    } catch (error) {
      throw this.#store.noted(eventFault(error, this.#store.where));
    }
  }

  #refuseWhenStopped(): void {
    if (this.#stopped) throw new Error('the event bus has stopped');
  }
}
