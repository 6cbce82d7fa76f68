import type { Clock, FailedPage, QueueProvider, Worker, WorkHandler, WorkQueue } from '../../../core/plugin/index.js';
import { type MakeSubject, manualClock, silentLogger } from '../../../core/testing/index.js';
import { MemoryQueues } from '../../../providers/queue/memory/index.js';

const options = { attempts: 3, firstDelay: 100, maxDelay: 1_000 };

/** Queues that work, for mutants to break in one place. */
export class QueueMutant implements QueueProvider {
  readonly durable: boolean = false;
  protected readonly inner: MemoryQueues;

  constructor(clock: Clock) {
    this.inner = new MemoryQueues(options, clock, silentLogger());
    this.inner.start();
  }

  enqueue<T>(queue: WorkQueue<T>, id: string, payload: T): Promise<void> {
    return this.inner.enqueue(queue, id, payload);
  }
  work<T>(queue: WorkQueue<T>, handler: WorkHandler<T>, more?: { readonly parallel?: number }): Worker {
    return this.inner.work(queue, this.handling(handler), more);
  }
  failed<T>(queue: WorkQueue<T>, page?: { readonly limit?: number; readonly after?: string }): Promise<FailedPage> {
    return this.inner.failed(queue, page);
  }
  retry<T>(queue: WorkQueue<T>, id: string): Promise<boolean> {
    return this.inner.retry(queue, id);
  }
  stop(): Promise<void> {
    return this.inner.stop();
  }

  /** What works in place of a handler. */
  protected handling<T>(handler: WorkHandler<T>): WorkHandler<T> {
    return handler;
  }
}

/** Takes a failure for an answer. */
export class NeverRetries extends QueueMutant {
  protected override handling<T>(handler: WorkHandler<T>): WorkHandler<T> {
    return async (payload, meta) => {
      try {
        await handler(payload, meta);
      } catch {
        // As if it were done.
      }
    };
  }
}

/** Takes nothing for a failure but an error. */
export class KnowsOnlyErrors extends QueueMutant {
  protected override handling<T>(handler: WorkHandler<T>): WorkHandler<T> {
    return async (payload, meta) => {
      try {
        await handler(payload, meta);
      } catch (error) {
        if (error instanceof Error) throw error;
      }
    };
  }
}

/** Tries again at once, by itself. */
export class DoesNotPause extends QueueMutant {
  protected override handling<T>(handler: WorkHandler<T>): WorkHandler<T> {
    return async (payload, meta) => {
      for (;;) {
        try {
          return await handler(payload, meta);
        } catch {
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
    };
  }
}

/** Says of every attempt that it is the first. */
export class CountsNothing extends QueueMutant {
  protected override handling<T>(handler: WorkHandler<T>): WorkHandler<T> {
    return (payload, { id, signal }) => handler(payload, { id, signal, attempt: 1 });
  }
}

/** Takes an id for new each time. */
export class EnqueuesTwice extends QueueMutant {
  #count = 0;
  override enqueue<T>(queue: WorkQueue<T>, id: string, payload: T): Promise<void> {
    return this.inner.enqueue(queue, `${id}${'\u0001'.repeat(this.#count++)}`, payload);
  }
  protected override handling<T>(handler: WorkHandler<T>): WorkHandler<T> {
    return (payload, meta) => handler(payload, { ...meta, id: meta.id.replaceAll('\u0001', '') });
  }
}

/** Remembers what is done, and does it no second time. */
export class ForgetsNothing extends QueueMutant {
  readonly #known = new Set<string>();
  override async enqueue<T>(queue: WorkQueue<T>, id: string, payload: T): Promise<void> {
    if (this.#known.has(`${queue.name} ${id}`)) return;
    await this.inner.enqueue(queue, id, payload);
    this.#known.add(`${queue.name} ${id}`);
  }
}

/** Has but one queue. */
export class ConfusesQueues extends QueueMutant {
  override enqueue<T>(_queue: WorkQueue<T>, id: string, payload: T): Promise<void> {
    return this.inner.enqueue({ name: 'all' }, id, payload);
  }
  override work<T>(_queue: WorkQueue<T>, handler: WorkHandler<T>, more?: { readonly parallel?: number }): Worker {
    return this.inner.work({ name: 'all' }, handler, more);
  }
}

/** Has a hand more than it was given. */
export class TakesOneMore extends QueueMutant {
  override work<T>(queue: WorkQueue<T>, handler: WorkHandler<T>, { parallel = 1 } = {}): Worker {
    return this.inner.work(queue, handler, { parallel: parallel + 1 });
  }
}

/** Keeps what is enqueued as it becomes. */
export class KeepsTheObject extends QueueMutant {
  readonly #payloads = new Map<string, unknown>();
  override async enqueue<T>(queue: WorkQueue<T>, id: string, payload: T): Promise<void> {
    this.#payloads.set(id, payload);
    await this.inner.enqueue(queue, id, payload);
  }
  protected override handling<T>(handler: WorkHandler<T>): WorkHandler<T> {
    return (_, meta) => handler(this.#payloads.get(meta.id) as T, meta);
  }
}

/** Does not wait for its items when it closes. */
export class ClosesWithoutWaiting extends QueueMutant {
  override work<T>(queue: WorkQueue<T>, handler: WorkHandler<T>, more?: { readonly parallel?: number }): Worker {
    const worker = this.inner.work(queue, handler, more);
    return {
      async close() {
        void worker.close();
      },
    };
  }
}

/** Tells no handler that it stops. */
export class StopsInSilence extends QueueMutant {
  protected override handling<T>(handler: WorkHandler<T>): WorkHandler<T> {
    return (payload, meta) => handler(payload, { ...meta, signal: new AbortController().signal });
  }
}

/** Lists nothing that failed. */
export class HidesFailures extends QueueMutant {
  override async failed(): Promise<FailedPage> {
    return { items: [] };
  }
}

/** Gives all at once, whatever is asked for. */
export class HasOnePage extends QueueMutant {
  override failed<T>(queue: WorkQueue<T>): Promise<FailedPage> {
    return this.inner.failed(queue, { limit: 1000 });
  }
}

/** Says that it has retried what there is not. */
export class RetriesAnything extends QueueMutant {
  override async retry<T>(queue: WorkQueue<T>, id: string): Promise<boolean> {
    await this.inner.retry(queue, id);
    return true;
  }
}

/** Says that it keeps what it only has in memory. */
export class ClaimsDurable extends QueueMutant {
  override readonly durable = true;
}

export const subjects =
  (mutant: new (clock: Clock) => QueueMutant): MakeSubject<QueueProvider> =>
  async () => {
    const clock = manualClock();
    let instance = new mutant(clock);
    return {
      instance,
      advance: (milliseconds) => clock.advance(milliseconds),
      close: () => instance.stop(),
      async reopen() {
        instance = new mutant(clock);
        return instance;
      },
      dispose: () => instance.stop(),
    };
  };
