import type { Clock, Health, Lifecycle } from '../../../core/plugin/index.js';
import type {
  FailedPage,
  QueueFault,
  QueueProvider,
  Worker,
  WorkHandler,
  WorkQueue,
} from '../../../core/ports/index.js';
import {
  Crew,
  checkFailedPage,
  checkItem,
  checkParallel,
  checkQueueName,
  queueClosed,
} from '../../../core/queues/index.js';
import { toStored } from '../../../core/state/index.js';
import { unlessAborted } from '../../../core/work/index.js';
import {
  block,
  Confirmation,
  type ConnectionParts,
  type Keeping,
  keepingOf,
  keyspace,
  part,
  RedisConnection,
  type Script,
  takeFormat,
  WakeUps,
} from '../../shared/redis/index.js';
import { queueFault } from './faults.js';
import { Line, type Retries } from './line.js';
import { enqueueScript, format, retryScript } from './scripts.js';
import { SignsOfLife } from './signs-of-life.js';
import { RedisSource } from './source.js';

export interface RedisQueuesParts extends Omit<ConnectionParts, 'name' | 'silence'> {
  readonly clock: Clock;
  /** Replicas that must have an item before it is acknowledged. */
  readonly replicas: number;
  readonly retries: Retries;
  /** Seconds without a sign of life after which an item is taken from its worker. */
  readonly claimAfter: number;
}

/** Work of all hosts that share a Redis. */
export class RedisQueues implements QueueProvider, Lifecycle {
  readonly #parts: RedisQueuesParts;
  readonly #keyspace: string;
  readonly #enqueuing: RedisConnection;
  readonly #working: RedisConnection;
  readonly #listening: RedisConnection;
  readonly #confirmation: Confirmation;
  readonly #line: Line;
  readonly #signs: SignsOfLife;
  readonly #wakeUps: WakeUps;
  /** With the name of their queue. */
  readonly #crews = new Map<Crew, string>();
  #keeping: Keeping = { durable: true };
  #full: QueueFault | undefined;
  #open = false;

  constructor(parts: RedisQueuesParts) {
    this.#parts = parts;
    const { settings, clock, log, replicas, retries, secrets, resolvePath } = parts;
    this.#keyspace = keyspace(settings.prefix);
    const silence = settings.timeout * 1000;
    const claimAfter = parts.claimAfter * 1000;
    const common = { settings, secrets, resolvePath, log };
    // Signs of life do not wait behind an item that waits for replicas, nor either behind the open question.
    const waits = replicas > 0 ? 2 * silence : silence;
    this.#enqueuing = new RedisConnection({ ...common, name: 'queue-enqueue', silence: waits });
    this.#working = new RedisConnection({ ...common, name: 'queue-work', silence, quiet: true });
    const name = 'queue-wake-ups';
    this.#listening = new RedisConnection({ ...common, name, silence: silence + block, quiet: true });
    this.#confirmation = new Confirmation({ connection: this.#enqueuing, replicas, timeout: settings.timeout });
    this.#line = new Line({ connection: this.#working, keyspace: this.#keyspace, retries, claimAfter });
    this.#signs = new SignsOfLife({ line: this.#line, clock, log, claimAfter });
    const woken = (queue: string | undefined): void => {
      for (const [crew, its] of this.#crews) if (queue === undefined || queue === its) crew.wake();
    };
    const stream = `${this.#keyspace}:queue:wake`;
    this.#wakeUps = new WakeUps({ connection: this.#listening, stream, clock, log, woken });
  }

  get durable(): boolean {
    return this.#keeping.durable;
  }

  /** @throws QueueFault when it cannot be used; its `reason` and text say why */
  async start(signal: AbortSignal = new AbortController().signal): Promise<void> {
    const { where } = this.#enqueuing;
    try {
      const client = await this.#enqueuing.open(signal);
      await takeFormat(client, `${this.#keyspace}:queue:format`, format, where);
      this.#keeping = await keepingOf(client, this.#parts.replicas, where);
      if (this.#keeping.warning !== undefined) this.#parts.log.warn(this.#keeping.warning);
      await this.#working.open(signal);
      await this.#wakeUps.start(await this.#listening.open(signal));
    } catch (error) {
      throw queueFault(error, where);
    }
    this.#signs.start();
    this.#open = true;
  }

  async enqueue<T>(queue: WorkQueue<T>, id: string, payload: T): Promise<void> {
    this.#refuseUnlessOpen();
    const text = checkItem(queue, id, payload);
    await this.#write(enqueueScript, part(queue.name), toStored(id), text);
  }

  work<T>(queue: WorkQueue<T>, handler: WorkHandler<T>, { parallel = 1 }: { parallel?: number } = {}): Worker {
    this.#refuseUnlessOpen();
    const { clock, log } = this.#parts;
    const name = checkQueueName(queue);
    const crew: Crew = new Crew({
      queue: name,
      source: new RedisSource({ queue: name, line: this.#line, signs: this.#signs, clock, log }),
      // Items of a queue carry what was enqueued as that.
      handler: handler as WorkHandler<unknown>,
      parallel: checkParallel(parallel),
      clock,
      log,
      gone: () => this.#crews.delete(crew),
    });
    this.#crews.set(crew, name);
    return { close: (how) => crew.close(how) };
  }

  async failed<T>(
    queue: WorkQueue<T>,
    page: { readonly limit?: number; readonly after?: string } = {},
  ): Promise<FailedPage> {
    this.#refuseUnlessOpen();
    const [name, limit] = [checkQueueName(queue), checkFailedPage(page)];
    try {
      const found = await this.#line.failed(name, limit + 1, page.after);
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return { items, ...(last && found.length > limit && { next: last.id }) };
    } catch (error) {
      throw queueFault(error, this.#enqueuing.where);
    }
  }

  async retry<T>(queue: WorkQueue<T>, id: string): Promise<boolean> {
    this.#refuseUnlessOpen();
    return (await this.#write(retryScript, part(checkQueueName(queue)), toStored(id))) === 1;
  }

  /** Takes nothing more on this host, and waits for what is under way. */
  async drain(signal: AbortSignal): Promise<void> {
    const closed = Promise.all([...this.#crews.keys()].map((crew) => crew.close()));
    await unlessAborted(signal, closed).catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#open = false;
    // Who cannot reach Redis does not wait for it: for want of signs of life its items go to others.
    if (this.#working.fault !== undefined) this.#working.close();
    await Promise.all([...this.#crews.keys()].map((crew) => crew.close({ stop: true })));
    for (const connection of [this.#enqueuing, this.#working, this.#listening]) connection.close();
    await Promise.all([this.#signs.stop(), this.#wakeUps.stop()]);
  }

  health(): Health {
    const away = [this.#enqueuing, this.#working, this.#listening].find(({ fault }) => fault !== undefined);
    if (away) return { status: 'failed', reason: `${away.where} is away: ${away.fault}` };
    if (this.#full) return { status: 'failed', reason: this.#full.message };
    const { warning } = this.#keeping;
    return warning === undefined ? { status: 'ok' } : { status: 'degraded', reason: warning };
  }

  async #write(script: Script, ...args: readonly string[]): Promise<unknown> {
    try {
      const client = await this.#enqueuing.ready();
      const { generation } = this.#enqueuing;
      const answer = await script.run(client, this.#keyspace, ...args);
      await this.#confirmation.of(client, generation);
      this.#full = undefined;
      return answer;
    } catch (error) {
      const fault = queueFault(error, this.#enqueuing.where);
      // Remembered for health: it will meet others as well.
      if (fault.reason === 'full') {
        if (!this.#full) this.#parts.log.error(fault.message);
        this.#full = fault;
      }
      throw fault;
    }
  }

  #refuseUnlessOpen(): void {
    if (!this.#open) throw queueClosed();
  }
}
