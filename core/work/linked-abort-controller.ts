import { setMaxListeners } from 'node:events';

/**
 * A controller whose signal aborts with others too, until it is unlinked: for a call that is shorter than what its
 * signals tell of. `AbortSignal.any` would stay registered with each of them for as long as they live.
 * @experimental
 */
export class LinkedAbortController extends AbortController {
  readonly #links: readonly (() => void)[];

  constructor(...signals: readonly AbortSignal[]) {
    super();
    // Of many calls at the same time each listens to the same signals: that is no leak, and nothing to warn of.
    setMaxListeners(0, ...signals);
    this.#links = signals.map((signal) => {
      const pass = (): void => this.abort(signal.reason);
      if (signal.aborted) pass();
      signal.addEventListener('abort', pass, { once: true });
      return () => signal.removeEventListener('abort', pass);
    });
  }

  /** Lets go of the others; {@link signal} stays as it is. Safe to call twice. */
  unlink(): void {
    for (const end of this.#links) end();
  }
}
