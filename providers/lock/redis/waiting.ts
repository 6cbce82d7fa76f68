/** Who waits for a name to be released elsewhere: within a host, one at a time of each name. */
export class Waiting {
  readonly #waiting = new Map<string, AbortController>();

  /** Aborts when there may be something to be had of the name; ask after this, so that nothing is missed meanwhile. */
  listen(name: string): AbortController {
    const woken = new AbortController();
    this.#waiting.set(name, woken);
    return woken;
  }

  forget(name: string): void {
    this.#waiting.delete(name);
  }

  /** @param name `undefined`: any */
  wake(name: string | undefined): void {
    if (name !== undefined) this.#waiting.get(name)?.abort();
    else for (const woken of this.#waiting.values()) woken.abort();
  }
}
