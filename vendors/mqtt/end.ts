/** The end of a call from outside. Most calls never look at its signal, which is made when they do. */
export class CallEnd {
  #ended = false;
  #controller: AbortController | undefined;
  /** Called once, when the call is ended. */
  onEnd: (() => void) | undefined;

  get ended(): boolean {
    return this.#ended;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#ended) this.#controller.abort();
    return this.#controller.signal;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#controller?.abort();
    this.onEnd?.();
  }
}
