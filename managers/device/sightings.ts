import { Mirror } from '../../core/mirror/index.js';
import type { Clock, Health, Logger } from '../../core/plugin/index.js';
import { type Change, put, remove, type StateProvider } from '../../core/ports/index.js';
import { sightings } from './record.js';

const interval = 60_000;
/** Changes in one commit. */
const batch = 500;

/**
 * When devices were last seen: counted in memory, written at most once a minute, all devices together. What other hosts on
 * the same state have seen is known when they have written it.
 */
export class Sightings {
  /** What this host has seen and not written yet. */
  readonly #seen = new Map<string, number>();
  readonly #written: Mirror<{ readonly at: number }, number>;
  readonly #stopping = new AbortController();
  #writing: Promise<void> = Promise.resolve();
  #fault: string | undefined;

  constructor(
    private readonly state: StateProvider,
    private readonly clock: Clock,
    private readonly log: Logger,
    /** Whether a device is still there: a late write must not outlive it. */
    private readonly known: (id: string) => boolean,
  ) {
    this.#written = new Mirror({ state, clock, collection: sightings, project: ({ value }) => value.at });
  }

  async start(): Promise<void> {
    await this.#written.start();
    this.#writing = this.#writeNowAndThen();
  }

  note(id: string): void {
    this.#seen.set(id, this.clock.now());
  }

  at(id: string): number | undefined {
    return this.#seen.get(id) ?? this.#written.get(id);
  }

  forget(id: string): void {
    this.#seen.delete(id);
  }

  health(): Health {
    if (this.#fault !== undefined) return { status: 'degraded', reason: this.#fault };
    return this.#written.health();
  }

  /** Writes what is not written yet, and no more after that by itself. Safe to call twice. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#writing;
    await this.#write();
  }

  async stop(): Promise<void> {
    await this.close();
    await this.#written.stop();
  }

  async #writeNowAndThen(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.clock.delay(interval, signal);
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      await this.#write();
    }
  }

  async #write(): Promise<void> {
    const seen = [...this.#seen];
    for (let first = 0; first < seen.length; first += batch) {
      const some = seen.slice(first, first + batch);
      try {
        const revision = await this.state.commit(
          some.map(([id, at]): Change => (this.known(id) ? put(sightings, id, { at }) : remove(sightings, id))),
        );
        for (const [id, at] of some) {
          if (this.known(id)) this.#written.put({ key: id, revision, value: { at } });
          // It may have been seen again meanwhile.
          if (this.#seen.get(id) === at) this.#seen.delete(id);
        }
        this.#fault = undefined;
      } catch (error) {
        // Nothing is lost but the time of a poll: it is written with the next ones.
        if (this.#fault === undefined) this.log.warn('cannot write when devices were last seen', { error });
        this.#fault = `cannot write when devices were last seen: ${String(error)}`;
      }
    }
  }
}
