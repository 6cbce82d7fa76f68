import { allOf } from '../../core/mirror/index.js';
import type { Clock, Logger } from '../../core/plugin/index.js';
import { put, remove, type StateProvider } from '../../core/ports/index.js';
import { sightings } from './record.js';

const interval = 60_000;
/** Changes in one commit. */
const batch = 500;

/** When devices were last seen: counted in memory, written at most once a minute, all devices together. */
export class Sightings {
  readonly #seen = new Map<string, number>();
  readonly #unwritten = new Set<string>();
  readonly #stopping = new AbortController();
  #writing: Promise<void> = Promise.resolve();
  #fault: string | undefined;

  constructor(
    private readonly state: StateProvider,
    private readonly clock: Clock,
    private readonly log: Logger,
    /** Whether a device is still there: a late write must not outlive it. */
    private readonly known: (id: string) => boolean,
  ) {}

  /** Why sightings are not written at the moment. */
  get fault(): string | undefined {
    return this.#fault;
  }

  async start(): Promise<void> {
    for await (const { key, value } of allOf(this.state, sightings)) this.#seen.set(key, value.at);
    this.#writing = this.#writeNowAndThen();
  }

  note(id: string): void {
    this.#seen.set(id, this.clock.now());
    this.#unwritten.add(id);
  }

  at(id: string): number | undefined {
    return this.#seen.get(id);
  }

  forget(id: string): void {
    this.#seen.delete(id);
    this.#unwritten.delete(id);
  }

  /** Writes what is not written yet, and no more after that by itself. Safe to call twice. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#writing;
    await this.#write();
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
    const ids = [...this.#unwritten];
    this.#unwritten.clear();
    for (let first = 0; first < ids.length; first += batch) {
      const some = ids.slice(first, first + batch);
      const changes = some.flatMap((id) => {
        const at = this.#seen.get(id);
        if (!this.known(id)) return [remove(sightings, id)];
        return at === undefined ? [] : [put(sightings, id, { at })];
      });
      try {
        if (changes.length > 0) await this.state.commit(changes);
        this.#fault = undefined;
      } catch (error) {
        // Nothing is lost but the time of a poll: it is written with the next ones.
        for (const id of some) this.#unwritten.add(id);
        if (this.#fault === undefined) this.log.warn('cannot write when devices were last seen', { error });
        this.#fault = `cannot write when devices were last seen: ${String(error)}`;
      }
    }
  }
}
