import type { Clock } from '../plugin/clock.js';

/** Lines of one entry that are logged in a second, and that may be on their way to the log at once. */
export const mostLines = 1_000;
/** Characters of these lines. */
export const mostCharacters = 1_048_576;
const second = 1_000;

/** Lets so many lines of an entry through in each second, and counts the others. */
export class LineRate {
  #since = Number.NEGATIVE_INFINITY;
  #taken = 0;
  #characters = 0;
  #left = 0;

  constructor(
    private readonly clock: Clock,
    private readonly tell: (left: number) => void,
  ) {}

  /** Whether another line, of so many characters, may be logged. */
  take(characters: number): boolean {
    this.beat();
    this.#taken += 1;
    this.#characters += characters;
    if (this.#taken <= mostLines && this.#characters <= mostCharacters) return true;
    this.#left += 1;
    return false;
  }

  /** Counts lines that have not even come. */
  leave(count: number): void {
    this.#left += count;
  }

  /** As {@link settle}, once the second is over. */
  beat(): void {
    if (Math.abs(this.clock.now() - this.#since) >= second) this.settle();
  }

  /** Tells what was left out, and begins anew. */
  settle(): void {
    const left = this.#left;
    this.#since = this.clock.now();
    this.#taken = 0;
    this.#characters = 0;
    this.#left = 0;
    if (left > 0) this.tell(left);
  }
}

/** Lets so many sendings be under way, and counts those that found no place: nobody waits, so nobody would be held up. */
export class Window {
  #underWay = 0;
  #characters = 0;
  #left = 0;

  /** @param send settles when it has arrived; rejects when it never will */
  pass(characters: number, send: () => Promise<unknown>): void {
    if (this.#underWay >= mostLines || this.#characters + characters > mostCharacters) {
      this.leave(1);
      return;
    }
    this.#underWay += 1;
    this.#characters += characters;
    send()
      .catch(() => this.leave(1))
      .finally(() => {
        this.#underWay -= 1;
        this.#characters -= characters;
      });
  }

  /** Counts lines that were not even to be sent. */
  leave(count: number): void {
    this.#left += count;
  }

  /** How many found no place since this was asked last. */
  left(): number {
    const left = this.#left;
    this.#left = 0;
    return left;
  }
}

/** How a log tells of lines that it does not have. */
export function leftOut(count: number): string {
  return `${count} lines were left out: no more than ${mostLines}, or ${mostCharacters} characters, are taken at once or in a second`;
}
