import type { Health, Lifecycle } from '../../../core/plugin/index.js';
import type { FailedPage, QueueProvider, Worker, WorkHandler, WorkQueue } from '../../../core/ports/index.js';
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
import { part, type RedisConnection, type RedisParts, RedisStore, type Script } from '../../shared/redis/index.js';
import { queueFault } from './faults.js';
import { Line, type Retries } from './line.js';
import { enqueueScript, format, retryScript } from './scripts.js';
import { SignsOfLife } from './signs-of-life.js';
import { RedisSource } from './source.js';

export interface RedisQueuesParts extends RedisParts {
  readonly retries: Retries;
  /** Seconds without a sign of life after which an item is taken from its worker. */
  readonly claimAfter: number;
}

/** Work of all hosts that share a Redis. */
export class RedisQueues implements QueueProvider, Lifecycle {
  readonly #parts: RedisQueuesParts;
  readonly #store: RedisStore;
  readonly #working: RedisConnection;
  readonly #line: Line;
  readonly #signs: SignsOfLife;
  /** With the name of their queue. */
  readonly #crews = new Map<Crew, string>();
  /** How many items of a queue have failed for good, when Redis was asked last. */
  readonly #failed = new Map<string, number>();
  #open = false;

  constructor(parts: RedisQueuesParts) {
    this.#parts = parts;
    const { clock, log, retries } = parts;
    const claimAfter = parts.claimAfter * 1000;
    this.#store = new RedisStore(parts, { kind: 'queue', format });
    // Signs of life do not wait behind an item that waits for replicas.
    this.#working = this.#store.line('work');
    this.#line = new Line({ connection: this.#working, keyspace: this.#store.keyspace, retries, claimAfter });
    this.#signs = new SignsOfLife({ line: this.#line, clock, log, claimAfter });
    this.#store.hear((queue) => {
      for (const [crew, its] of this.#crews) if (queue === undefined || queue === its) crew.wake();
    });
  }

  get durable(): boolean {
    return this.#store.durable;
  }

  /** @throws QueueFault when it cannot be used; its `reason` and text say why */
  async start(signal: AbortSignal = new AbortController().signal): Promise<void> {
    try {
      await this.#store.open(signal);
    } catch (error) {
      throw queueFault(error, this.#store.where);
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
    const failures = (count: number): void => void this.#failed.set(name, count);
    const crew: Crew = new Crew({
      queue: name,
      source: new RedisSource({ queue: name, line: this.#line, signs: this.#signs, clock, log, failures }),
      // Items of a queue carry what was enqueued as that.
      handler: handler as WorkHandler<unknown>,
      parallel: checkParallel(parallel),
      clock,
      log,
      gone: () => {
        this.#crews.delete(crew);
        // Without a worker, nobody here hears how many there are.
        if (![...this.#crews.values()].includes(name)) this.#failed.delete(name);
      },
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
      throw queueFault(error, this.#store.where);
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
    await Promise.all([this.#store.close(), this.#signs.stop()]);
  }

  health(): Health {
    return this.#store.health(
      [...this.#failed].flatMap(([name, count]) =>
        count > 0 ? [`${count} items of ${name} have failed for good`] : [],
      ),
    );
  }

  async #write(script: Script, ...args: readonly string[]): Promise<unknown> {
    try {
      return await this.#store.write(script, args);
    } catch (error) {
      throw this.#store.noted(queueFault(error, this.#store.where));
    }
  }

  #refuseUnlessOpen(): void {
    if (!this.#open) throw queueClosed();
  }
}
