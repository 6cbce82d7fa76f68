import type { Clock, Logger } from '../../../core/plugin/index.js';
import type { FailedItem, FailedPage } from '../../../core/ports/index.js';
import { type Crew, retryDelay, type Source, type TakenItem } from '../../../core/queues/index.js';
import { frozenJson } from '../../../core/state/index.js';

export interface MemoryQueueOptions {
  /** How often an item is tried until it is kept as failed. */
  readonly attempts: number;
  /** Milliseconds before a failed item is tried again; doubles with every further attempt. */
  readonly firstDelay: number;
  /** Milliseconds between two attempts at most. */
  readonly maxDelay: number;
}

interface Item {
  readonly id: string;
  readonly text: string;
  /** How often it was tried. */
  attempts: number;
  /** Not before this, milliseconds since the epoch. */
  due: number;
}

/** The items of one queue. */
export class MemoryQueue implements Source {
  /** In the order in which they were enqueued. */
  readonly #waiting = new Map<string, Item>();
  readonly #running = new Map<string, Item>();
  readonly #failed = new Map<string, FailedItem & { readonly text: string }>();
  readonly #crews = new Set<Crew>();

  constructor(
    readonly name: string,
    private readonly options: MemoryQueueOptions,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  get waiting(): number {
    return this.#waiting.size;
  }
  get failures(): number {
    return this.#failed.size;
  }

  join(crew: Crew): void {
    this.#crews.add(crew);
  }

  leave(crew: Crew): void {
    this.#crews.delete(crew);
  }

  add(id: string, text: string): void {
    if (this.#waiting.has(id) || this.#running.has(id)) return;
    this.#failed.delete(id);
    this.#wait({ id, text, attempts: 0, due: this.clock.now() });
  }

  async take(): Promise<TakenItem | number | undefined> {
    const now = this.clock.now();
    let soonest: number | undefined;
    for (const item of this.#waiting.values()) {
      if (item.due <= now) return this.#taken(item);
      soonest = Math.min(soonest ?? item.due, item.due);
    }
    return soonest === undefined ? undefined : soonest - now;
  }

  failed(limit: number, after: string | undefined): FailedPage {
    const ids = [...this.#failed.keys()].filter((id) => after === undefined || id > after).sort();
    const items = ids.slice(0, limit).flatMap((id) => {
      const item = this.#failed.get(id);
      return item ? [{ id, payload: item.payload, attempts: item.attempts, reason: item.reason, at: item.at }] : [];
    });
    const last = items.at(-1);
    return { items, ...(last && ids.length > limit && { next: last.id }) };
  }

  retry(id: string): boolean {
    const item = this.#failed.get(id);
    if (!item) return false;
    this.add(id, item.text);
    return true;
  }

  #wait(item: Item): void {
    this.#waiting.set(item.id, item);
    for (const crew of this.#crews) crew.wake();
  }

  #taken(item: Item): TakenItem {
    const { id, text } = item;
    this.#waiting.delete(id);
    this.#running.set(id, item);
    item.attempts++;
    return {
      id,
      payload: frozenJson(text),
      attempt: item.attempts,
      // In one host nobody else can have it.
      lost: new AbortController().signal,
      done: async () => void this.#running.delete(id),
      failed: async (reason) => this.#fail(item, reason),
      giveBack: async () => {
        this.#running.delete(id);
        item.attempts--;
        this.#wait(item);
      },
    };
  }

  #fail(item: Item, reason: string): void {
    const { id, text, attempts } = item;
    this.#running.delete(id);
    if (attempts < this.options.attempts) {
      item.due = this.clock.now() + retryDelay(attempts, this.options);
      this.#wait(item);
      return;
    }
    this.log.error('an item of a work queue has failed for good', { queue: this.name, id, attempts, reason });
    this.#failed.set(id, { id, text, payload: frozenJson(text), attempts, reason, at: this.clock.now() });
  }
}
