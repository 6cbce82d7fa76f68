import type { Clock, Health, Lifecycle, Logger } from '../../../core/plugin/index.js';
import type { FailedPage, QueueProvider, Worker, WorkHandler, WorkQueue } from '../../../core/ports/index.js';
import {
  Crew,
  checkFailedPage,
  checkItem,
  checkParallel,
  checkQueueName,
  queueClosed,
} from '../../../core/queues/index.js';
import { unlessAborted } from '../../../core/work/index.js';
import { MemoryQueue, type MemoryQueueOptions } from './queue.js';

/** Work of one host. What waits when it stops is gone. */
export class MemoryQueues implements QueueProvider, Lifecycle {
  readonly durable = false;
  readonly #queues = new Map<string, MemoryQueue>();
  readonly #crews = new Set<Crew>();
  #open = false;

  constructor(
    private readonly options: MemoryQueueOptions,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.#open = true;
  }

  async enqueue<T>(queue: WorkQueue<T>, id: string, payload: T): Promise<void> {
    this.#refuseUnlessOpen();
    const text = checkItem(queue, id, payload);
    this.#of(queue).add(id, text);
  }

  work<T>(queue: WorkQueue<T>, handler: WorkHandler<T>, { parallel = 1 }: { parallel?: number } = {}): Worker {
    this.#refuseUnlessOpen();
    const { clock, log } = this;
    const source = this.#of(queue);
    const crew: Crew = new Crew({
      queue: queue.name,
      source,
      // Items of a queue carry what was enqueued as that.
      handler: handler as WorkHandler<unknown>,
      parallel: checkParallel(parallel),
      clock,
      log,
      gone: () => {
        this.#crews.delete(crew);
        source.leave(crew);
      },
    });
    this.#crews.add(crew);
    source.join(crew);
    return { close: (how) => crew.close(how) };
  }

  async failed<T>(
    queue: WorkQueue<T>,
    page: { readonly limit?: number; readonly after?: string } = {},
  ): Promise<FailedPage> {
    this.#refuseUnlessOpen();
    return this.#of(queue).failed(checkFailedPage(page), page.after);
  }

  async retry<T>(queue: WorkQueue<T>, id: string): Promise<boolean> {
    this.#refuseUnlessOpen();
    return this.#of(queue).retry(id);
  }

  /** Takes nothing more, and waits for what is under way. */
  async drain(signal: AbortSignal): Promise<void> {
    const closed = Promise.all([...this.#crews].map((crew) => crew.close()));
    await unlessAborted(signal, closed).catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#open = false;
    await Promise.all([...this.#crews].map((crew) => crew.close({ stop: true })));
    const undone = [...this.#queues.values()].reduce((sum, { waiting }) => sum + waiting, 0);
    if (undone > 0) this.log.warn('work was not done', { undone });
    this.#queues.clear();
  }

  health(): Health {
    const reasons = [...this.#queues.values()].flatMap(({ name, failures }) =>
      failures > 0 ? [`${failures} items of ${name} have failed for good`] : [],
    );
    return reasons.length > 0 ? { status: 'degraded', reason: reasons.join('; ') } : { status: 'ok' };
  }

  #of(queue: WorkQueue<unknown>): MemoryQueue {
    const name = checkQueueName(queue);
    const known = this.#queues.get(name) ?? new MemoryQueue(name, this.options, this.clock, this.log);
    this.#queues.set(name, known);
    return known;
  }

  #refuseUnlessOpen(): void {
    if (!this.#open) throw queueClosed();
  }
}
