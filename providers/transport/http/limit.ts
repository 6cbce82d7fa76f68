/**
 * When one call ends: the caller gives up, the line is closed, or its time is over. One signal for all three, and
 * nothing left on those that outlive the call.
 */
export class Limit {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #end = (): void => this.#controller.abort();

  constructor(
    private readonly caller: AbortSignal,
    private readonly closed: AbortSignal,
    timeout: number,
  ) {
    this.#timer = setTimeout(this.#end, timeout);
    for (const signal of [caller, closed]) signal.addEventListener('abort', this.#end);
    if (closed.aborted) this.#end();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The answer has begun: it may last as long as it likes. */
  begun(): void {
    clearTimeout(this.#timer);
  }

  release(): void {
    clearTimeout(this.#timer);
    for (const signal of [this.caller, this.closed]) signal.removeEventListener('abort', this.#end);
  }
}
