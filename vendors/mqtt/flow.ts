/** How many items of a stream its caller still takes. */
export class Flow {
  #credit: number;
  #wake: (() => void) | undefined;

  /**
   * @param credit `undefined` where the caller names none: every item may go
   * @param signal of the end of the stream
   */
  constructor(
    credit: number | undefined,
    private readonly signal: AbortSignal,
  ) {
    this.#credit = credit ?? Number.POSITIVE_INFINITY;
    signal.addEventListener('abort', () => this.#wake?.(), { once: true });
  }

  /** Whether the caller says what it takes. */
  get windowed(): boolean {
    return this.#credit !== Number.POSITIVE_INFINITY;
  }

  more(credit: number): void {
    this.#credit += credit;
    this.#wake?.();
  }

  /** Takes one, or waits until there is one; nothing is taken when the stream ends first. */
  async take(): Promise<void> {
    while (this.#credit < 1 && !this.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#wake = undefined;
    this.#credit -= 1;
  }
}
