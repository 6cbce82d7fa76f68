/**
 * How well an entry does its work.
 * - `ok`: fully.
 * - `degraded`: it works, but something that a person should know about does not (a peer is away, a retry goes on).
 * - `failed`: it cannot do its work; the host is not ready.
 * @stable since 0.1.0
 */
export interface Health {
  readonly status: 'ok' | 'degraded' | 'failed';
  /** One sentence for a person; required unless `ok`. */
  readonly reason?: string;
}

/**
 * What an entry may do beside its port. All hooks are optional; each has a deadline (profile: `host.deadlines`), after
 * which its signal aborts and the phase counts as failed.
 *
 * - `start` runs once, after everything that this entry uses has started. It may listen, connect, recover.
 *   It resolves when the entry is ready to be used. Once its signal aborts it opens nothing more, and closes what it opened.
 * - `drain` stops taking new work and finishes what is under way.
 * - `stop` frees everything; it is safe without `start`, after a failed `start`, and twice. Nothing runs after it: a
 *   `start` that was given up on is waited for first, as long as `stop` itself may take.
 * - `health` is cheap and synchronous: it tells what is already known.
 * - `explain` says in one sentence or a few what its config leaves to be found out, and what was found. It is asked for
 *   where the host does not run (`tutti explain`), so it may be called without `start`: it may ask the platform, changes
 *   nothing, and rejects when it cannot be known now.
 * @stable since 0.1.0
 */
export interface Lifecycle {
  start?(signal: AbortSignal): Promise<void> | void;
  drain?(signal: AbortSignal): Promise<void> | void;
  stop?(signal: AbortSignal): Promise<void> | void;
  health?(): Health;
  /** @experimental */
  explain?(signal: AbortSignal): Promise<string>;
}
