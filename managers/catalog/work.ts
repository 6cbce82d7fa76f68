import { correlated, correlationId } from '../../core/correlation/index.js';
import { Mirror } from '../../core/mirror/index.js';
import type { Clock, Health, Logger } from '../../core/plugin/index.js';
import {
  type Lease,
  type LockProvider,
  type QueueProvider,
  type RegistryCredentials,
  type StateProvider,
  type Worker,
  workQueue,
} from '../../core/ports/index.js';
import { backoff, KeyedQueue, type WorkResult } from '../../core/work/index.js';
import type { Importer } from './importer.js';
import { isSettled, packages, type StoredPackage } from './record.js';

/** Imports by the id of their package; who asked for it is in the records of the log under the same correlation id. */
const imports = workQueue<{ readonly correlationId?: string }>('catalog.import');

/** Milliseconds until an import that could not be passed on, or watched over, is tried again; of the latter the longest. */
const again = 2000;
const longestAgain = 60_000;
/** Milliseconds after which an open import is passed on anew: its item may have been given up, or lost in a failover. */
const reminder = 60_000;

export interface ImportWorkParts {
  readonly state: StateProvider;
  /** Shared by hosts on one state; without it each host does what it was asked for itself. */
  readonly queue: QueueProvider | undefined;
  readonly locks: LockProvider | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly parallel: number;
  readonly importer: Importer;
}

/**
 * Who imports what. The record says that a package is to be imported; whichever host sees such a record puts it into
 * the queue, so that an import goes on when the host that took it dies. Credentials are known to the host that was given
 * them alone: it imports by itself, under a lock that the others wait for, to see whether it came to its end.
 */
export class ImportWork {
  readonly #parts: ImportWorkParts;
  /** Packages with an import before them, and whether that needs credentials. */
  readonly #unfinished: Mirror<StoredPackage, 'open' | 'with credentials' | undefined>;
  readonly #passing: KeyedQueue;
  readonly #watching = new Map<string, Promise<void>>();
  readonly #own = new Set<string>();
  readonly #stopped = new AbortController();
  #worker: Worker | undefined;

  constructor(parts: ImportWorkParts) {
    this.#parts = parts;
    const { state, clock } = parts;
    this.#passing = new KeyedQueue({ clock, parallel: 16, work: (id) => this.#pass(id) });
    this.#unfinished = new Mirror({
      state,
      collection: packages,
      clock,
      project: ({ value }) => (isSettled(value) ? undefined : value.withCredentials ? 'with credentials' : 'open'),
      changed: (id, now) => this.#seen(id, now),
    });
  }

  async start(): Promise<void> {
    const { queue, locks, parallel, importer } = this.#parts;
    this.#worker = queue?.work(imports, (payload, { id, signal }) => this.#work(id, payload.correlationId, signal), {
      parallel,
    });
    await this.#unfinished.start();
    // Nobody else does what a host that shares no work was doing when it ended.
    for (const [id, need] of this.#unfinished.values()) {
      if ((need === 'open' && !queue) || (need === 'with credentials' && !locks)) {
        void this.#goOnUnless(importer.begin(id), id);
      }
    }
  }

  /** Ends what is under way here; others go on with it, or this host when it starts again. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#passing.stop();
    const closed = this.#worker?.close({ stop: true });
    await this.#parts.importer.cancelAll();
    await closed;
    await Promise.all(this.#watching.values());
    await this.#unfinished.stop();
  }

  health(): Health {
    return this.#unfinished.health();
  }

  /** @param accept writes the record; the import begins after it. */
  async begin(id: string, credentials: RegistryCredentials | undefined, accept: () => Promise<void>): Promise<void> {
    const { queue, locks, importer } = this.#parts;
    if (credentials === undefined && queue) {
      await accept();
      // Whoever sees the record passes it on as well: this one is only the first, and knows who asked.
      await this.#enqueue(id, correlationId());
      return;
    }
    // Before anybody can see the record, so that nobody takes the import for one that was given up.
    this.#own.add(id);
    const lease = credentials === undefined ? undefined : await locks?.acquire(lockOf(id));
    try {
      await accept();
    } catch (error) {
      this.#own.delete(id);
      await lease?.release();
      throw error;
    }
    void this.#goOnUnless(importer.begin(id, credentials, lease?.signal), id, credentials, lease);
  }

  /** An import here that lost its lease, or was cancelled for a deletion that failed, is not left unfinished. */
  async #goOnUnless(
    done: Promise<boolean>,
    id: string,
    credentials?: RegistryCredentials,
    lease?: Lease,
  ): Promise<void> {
    const isDone = await done;
    await lease?.release();
    this.#own.delete(id);
    // After a while: a deletion ends the import first, and then removes its record.
    if (!isDone) this.#watch(id, credentials, again);
  }

  #seen(id: string, now: 'open' | 'with credentials' | undefined): void {
    if (now === undefined || this.#stopped.signal.aborted || this.#own.has(id)) return;
    if (now === 'open' && this.#parts.queue) this.#passing.add(id);
    if (now === 'with credentials' && this.#parts.locks) this.#watch(id);
  }

  #watch(id: string, credentials?: RegistryCredentials, wait = 0): void {
    if (this.#stopped.signal.aborted || this.#watching.has(id)) return;
    const watched = this.#watchOver(id, credentials, wait).finally(() => this.#watching.delete(id));
    this.#watching.set(id, watched);
  }

  async #pass(id: string): Promise<WorkResult> {
    if (this.#unfinished.get(id) !== 'open') return undefined;
    try {
      // First, since an item that was given up is as good as new once it is enqueued.
      await this.#endGivenUp();
    } catch (error) {
      this.#parts.log.warn('imports that were given up could not be looked for; tried again', { error });
      return { again };
    }
    // One that waits or is worked on is not enqueued a second time.
    return { again: (await this.#enqueue(id)) ? reminder : again };
  }

  /** Says of imports whose items the queue has given up that they have failed: also what no host survives comes to its end. */
  async #endGivenUp(): Promise<void> {
    const { queue, importer } = this.#parts;
    // One page: what was on it is gone when this is asked next.
    const { items = [] } = (await queue?.failed(imports)) ?? {};
    for (const { id, attempts, reason } of items) {
      await importer.giveUp(id, `it was tried ${attempts} times and given up: ${reason}`);
      // There is nothing to do any more, and so the queue forgets it.
      await queue?.retry(imports, id);
    }
  }

  async #enqueue(id: string, by?: string): Promise<boolean> {
    try {
      await this.#parts.queue?.enqueue(imports, id, by === undefined ? {} : { correlationId: by });
      return true;
    } catch (error) {
      this.#parts.log.warn('an import could not be passed on; tried again', { packageId: id, error });
      return false;
    }
  }

  #work(id: string, by: string | undefined, signal: AbortSignal): Promise<void> {
    return correlated(by, () => this.#parts.importer.run(id, undefined, signal));
  }

  /** Waits until nobody imports a package with the credentials of its request any more, and finishes what is unfinished then. */
  async #watchOver(id: string, credentials: RegistryCredentials | undefined, wait: number): Promise<void> {
    const { clock, log } = this.#parts;
    const { signal } = this.#stopped;
    if (wait > 0) await clock.delay(wait, signal).catch(() => undefined);
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await this.#finishAfterOthers(id, credentials, signal);
        return;
      } catch (error) {
        if (signal.aborted) return;
        log.warn('an import could not be watched over; tried again', { packageId: id, error });
      }
      await clock.delay(backoff(attempt, again, longestAgain), signal).catch(() => undefined);
    }
  }

  async #finishAfterOthers(
    id: string,
    credentials: RegistryCredentials | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { locks, importer } = this.#parts;
    const lease = await locks?.acquire(lockOf(id), { signal });
    try {
      await importer.run(id, credentials, signal, ...(lease ? [lease.signal] : []));
    } finally {
      await lease?.release();
    }
  }
}

const lockOf = (id: string): string => `catalog.import/${id}`;
