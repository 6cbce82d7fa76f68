import {
  type FailedItem,
  QueueFault,
  type QueueProvider,
  type WorkHandler,
  type WorkMeta,
  workQueue,
} from '../../ports/index.js';
import type { Trial } from '../trial.js';

export type QueueTrial = Trial<QueueProvider>;

export const queue = workQueue<unknown>('kit.work');

export interface Attempt {
  readonly payload: unknown;
  readonly meta: WorkMeta;
}

/** A handler that keeps what it is given, and lets a case wait for it. */
export class Desk {
  /** In the order in which they began. */
  readonly attempts: Attempt[] = [];
  /** Ids that were done, in the order of their ends. */
  readonly done: string[] = [];
  #running = 0;
  /** How many ran at once. */
  most = 0;
  #wake: () => void = () => undefined;

  /** @param react what the handler does with an item after noting it */
  constructor(private readonly react: WorkHandler<unknown> = () => undefined) {}

  readonly handler: WorkHandler<unknown> = async (payload, meta) => {
    this.attempts.push({ payload, meta });
    this.most = Math.max(this.most, ++this.#running);
    this.#wake();
    try {
      await this.react(payload, meta);
      this.done.push(meta.id);
    } finally {
      this.#running--;
      this.#wake();
    }
  };

  get running(): number {
    return this.#running;
  }

  get ids(): string[] {
    return this.attempts.map(({ meta: { id } }) => id);
  }

  waitUntilDone(trial: QueueTrial, count: number): Promise<void> {
    return this.until(trial, `${count} items to be done`, () => this.done.length >= count);
  }

  waitForAttempts(trial: QueueTrial, count: number): Promise<void> {
    return this.until(trial, `${count} attempts`, () => this.attempts.length >= count);
  }

  /** Waits for what only a handler can make true. One wait at a time. */
  async until(trial: QueueTrial, what: string, condition: () => boolean): Promise<void> {
    const arrived = new Promise<void>((resolve) => {
      this.#wake = () => {
        if (condition()) resolve();
      };
      this.#wake();
    });
    await trial.within(what, arrived);
  }
}

/** Asks for the failed items until there are so many. */
export async function failedItems(trial: QueueTrial, count: number): Promise<readonly FailedItem[]> {
  let items: readonly FailedItem[] = [];
  const come = async (): Promise<void> => {
    do {
      await turns(2);
      ({ items } = await trial.instance.failed(queue));
    } while (items.length < count);
  };
  await trial.within(`${count} failed items`, come());
  return items;
}

/** Works on nothing but a last item, whose end shows that all that was there before it was seen. */
export async function nothingElse(trial: QueueTrial, desk: Desk, expected: readonly string[]): Promise<void> {
  await trial.instance.enqueue(queue, 'kit-last', null);
  await desk.until(trial, 'the last item to be done', () => desk.done.includes('kit-last'));
  trial.equal('the attempts', desk.ids, [...expected, 'kit-last']);
}

/** Expects a fault of this reason. */
export async function refused(
  trial: QueueTrial,
  what: string,
  work: () => Promise<unknown>,
  reason: QueueFault['reason'],
): Promise<void> {
  const error = await trial.rejects(what, work);
  trial.holds(what, error instanceof QueueFault && error.reason === reason, `QueueFault ${reason}`, error);
}

export const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** Lets everything run that waits for neither time nor the outside. */
export async function turns(count = 10): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
