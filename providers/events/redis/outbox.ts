/** A publication on its way to Redis. */
export interface Outgoing {
  readonly type: string;
  readonly id: string;
  readonly correlationId: string;
  /** The payload as JSON; `undefined` is none. */
  readonly text: string | undefined;
}

interface Waiting {
  readonly outgoing: Outgoing;
  readonly sent: () => void;
  readonly failed: (error: unknown) => void;
}

/** Publications that are sent at once, and how many characters of theirs, unless one alone has more. */
const most = { count: 200, size: 1_000_000 };

/** Sends publications in the order they came: those that come while others are on their way go together. */
export class Outbox {
  readonly #waiting: Waiting[] = [];
  #sending: Promise<void> | undefined;

  /** @param send all of them, or none when it rejects */
  constructor(private readonly send: (batch: readonly Outgoing[]) => Promise<void>) {}

  /** Resolves when it was sent. @throws as `send` does */
  add(outgoing: Outgoing): Promise<void> {
    return new Promise((sent, failed) => {
      this.#waiting.push({ outgoing, sent, failed });
      this.#sending ??= this.#run();
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#sending;
  }

  async #run(): Promise<void> {
    // What is published in the same turn goes together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, batchSize(this.#waiting.map(({ outgoing }) => outgoing)));
      try {
        await this.send(batch.map(({ outgoing }) => outgoing));
        for (const { sent } of batch) sent();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    this.#sending = undefined;
  }
}

/** How many of those that wait go together: at least one. */
export function batchSize(waiting: readonly Outgoing[]): number {
  let size = 0;
  for (const [count, { text }] of waiting.slice(0, most.count).entries()) {
    size += text?.length ?? 0;
    if (count > 0 && size > most.size) return count;
  }
  return Math.min(waiting.length, most.count);
}
