/** A line that a device holds open to this host. */
export interface DeviceLine {
  /** Aborts when the device may not use its credentials any more. */
  readonly signal: AbortSignal;
  /** The line has ended, whoever ended it. Safe to call twice. */
  close(): void;
}

/** Which devices hold a line open to this host: one that comes back may have two for a while. */
export class Presence {
  readonly #lines = new Map<string, Set<AbortController>>();

  constructor(
    private readonly came: (id: string) => void,
    private readonly left: (id: string) => void,
  ) {}

  open(id: string): DeviceLine {
    const line = new AbortController();
    const lines = this.#lines.get(id) ?? new Set();
    lines.add(line);
    this.#lines.set(id, lines);
    if (lines.size === 1) this.came(id);
    return { signal: line.signal, close: () => this.#close(id, line) };
  }

  has(id: string): boolean {
    return this.#lines.has(id);
  }

  ids(): Iterable<string> {
    return this.#lines.keys();
  }

  cut(id: string): void {
    for (const line of this.#lines.get(id) ?? []) line.abort();
  }

  #close(id: string, line: AbortController): void {
    const lines = this.#lines.get(id);
    if (!lines?.delete(line) || lines.size > 0) return;
    this.#lines.delete(id);
    this.left(id);
  }
}
