import { EventEmitter, once } from 'node:events';
import { ulid } from 'ulid';
import { correlationId } from '../../../core/correlation/index.js';
import type { Clock, Health, Lifecycle } from '../../../core/plugin/index.js';
import type { EventBus, EventFault, EventHandler, EventType, Subscription } from '../../../core/ports/index.js';
import { jsonText } from '../../../core/state/index.js';
import { unlessAborted } from '../../../core/work/index.js';
import {
  block,
  Confirmation,
  type ConnectionParts,
  type Keeping,
  keepingOf,
  keyspace,
  originalOf,
  part,
  RedisConnection,
  takeFormat,
  WakeUps,
} from '../../shared/redis/index.js';
import { Attendance } from './attendance.js';
import { eventFault } from './faults.js';
import { Group } from './group.js';
import { Line } from './line.js';
import { Outbox, type Outgoing } from './outbox.js';
import { format, publishScript } from './scripts.js';
import { SignsOfLife } from './signs-of-life.js';

export interface RedisEventsParts extends Omit<ConnectionParts, 'name' | 'silence'> {
  readonly clock: Clock;
  /** Replicas that must have an event before it is acknowledged. */
  readonly replicas: number;
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
  readonly #keyspace: string;
  readonly #publishing: RedisConnection;
  readonly #delivering: RedisConnection;
  readonly #listening: RedisConnection;
  readonly #outbox = new Outbox((batch) => this.#send(batch));
  readonly #confirmation: Confirmation;
  readonly #line: Line;
  readonly #signs: SignsOfLife;
  readonly #attendance: Attendance;
  readonly #wakeUps: WakeUps;
  readonly #progress = new EventEmitter<{ made: [] }>().setMaxListeners(0);
  /** By event type, then by name. */
  readonly #groups = new Map<string, Map<string, Group>>();
  /** How many events of a type waited when one was published last. */
  readonly #waiting = new Map<string, number>();
  #keeping: Keeping = { durable: true };
  #fault: EventFault | undefined;
  #stopped = false;

  constructor(parts: RedisEventsParts) {
    this.#parts = parts;
    const { settings, clock, log, replicas, secrets, resolvePath } = parts;
    this.#keyspace = keyspace(settings.prefix);
    const claimAfter = parts.claimAfter * 1000;
    const silence = settings.timeout * 1000;
    const common = { settings, secrets, resolvePath, log };
    // Deliveries do not wait behind a publication that waits for replicas, nor either behind the open question.
    const waits = replicas > 0 ? 2 * silence : silence;
    this.#publishing = new RedisConnection({ ...common, name: 'events-publish', silence: waits });
    this.#delivering = new RedisConnection({ ...common, name: 'events-deliver', silence, quiet: true });
    const name = 'events-wake-ups';
    this.#listening = new RedisConnection({ ...common, name, silence: silence + block, quiet: true });
    this.#confirmation = new Confirmation({ connection: this.#publishing, replicas, timeout: settings.timeout });
    const around = { keyspace: this.#keyspace, clock, log, claimAfter };
    this.#line = new Line({ ...around, connection: this.#delivering, host: ulid() });
    this.#signs = new SignsOfLife({ ...around, line: this.#line });
    const subscribed = (): readonly Group[] => this.#all().filter((group) => group.subscribed);
    this.#attendance = new Attendance({ ...around, line: this.#line, forgetAfter: parts.forgetAfter, subscribed });
    const woken = (type: string | undefined): void => {
      for (const group of type === undefined ? this.#all() : this.#of(type)) group.wake();
    };
    this.#wakeUps = new WakeUps({
      clock,
      log,
      stream: `${this.#keyspace}:events:wake`,
      connection: this.#listening,
      woken,
    });
  }

  get durable(): boolean {
    return this.#keeping.durable;
  }

  /** @throws EventFault when it cannot be used; its `reason` and text say why */
  async start(signal: AbortSignal = new AbortController().signal): Promise<void> {
    const { where } = this.#publishing;
    try {
      const client = await this.#publishing.open(signal);
      await takeFormat(client, `${this.#keyspace}:events:format`, format, where);
      this.#keeping = await keepingOf(client, this.#parts.replicas, where);
      if (this.#keeping.warning !== undefined) this.#parts.log.warn(this.#keeping.warning);
      await this.#delivering.open(signal);
      await this.#wakeUps.start(await this.#listening.open(signal));
    } catch (error) {
      throw eventFault(error, where);
    }
    this.#signs.start();
    this.#attendance.start();
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
    for (const connection of [this.#publishing, this.#delivering, this.#listening]) connection.close();
    await Promise.all([told, this.#signs.stop(), this.#attendance.stop(), this.#wakeUps.stop()]);
    this.#groups.clear();
  }

  health(): Health {
    const away = [this.#publishing, this.#delivering, this.#listening].find(({ fault }) => fault !== undefined);
    if (away) return { status: 'failed', reason: `${away.where} is away: ${away.fault}` };
    if (this.#fault) return { status: 'failed', reason: this.#fault.message };
    const reasons = this.#all().flatMap(({ name: { type, group }, failure }) =>
      failure ? [`${type} for ${group} has failed ${failure.attempts} times: ${failure.message}`] : [],
    );
    for (const [type, waiting] of this.#waiting)
      if (waiting > this.#parts.warnAbove) reasons.push(`${waiting} events ${type} wait for some group`);
    if (this.#keeping.warning !== undefined) reasons.push(this.#keeping.warning);
    return reasons.length > 0 ? { status: 'degraded', reason: reasons.join('; ') } : { status: 'ok' };
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
      const client = await this.#publishing.ready();
      const { generation } = this.#publishing;
      const answer = await publishScript.run(client, this.#keyspace, groups.length, ...heads, ...events);
      await this.#confirmation.of(client, generation);
      this.#fault = undefined;
      this.#noteWaiting(answer as readonly (Buffer | number)[]);
    } catch (error) {
      throw this.#noted(eventFault(error, this.#publishing.where));
    }
  }

  /** Warns once each time the limit is passed, not with every event above it. */
  #noteWaiting(answer: readonly (Buffer | number)[]): void {
    const { warnAbove, log } = this.#parts;
    for (let at = 0; at + 1 < answer.length; at += 2) {
      const [type, waiting] = [originalOf(String(answer[at])), Number(answer[at + 1])];
      const before = this.#waiting.get(type) ?? 0;
      if (before <= warnAbove && waiting > warnAbove) log.warn('many events wait for delivery', { type, waiting });
      this.#waiting.set(type, waiting);
    }
  }

  /** Remembered for health when it will meet others as well. */
  #noted(fault: EventFault): EventFault {
    if (fault.reason === 'full' && this.#fault?.reason !== 'full') this.#parts.log.error(fault.message);
    if (fault.reason === 'full') this.#fault = fault;
    return fault;
  }

  #refuseWhenStopped(): void {
    if (this.#stopped) throw new Error('the event bus has stopped');
  }
}
