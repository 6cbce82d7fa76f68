import { Mirror } from '../../core/mirror/index.js';
import type { Clock, Health, Lifecycle, Logger } from '../../core/plugin/index.js';
import { put, RegistryFault, remove, StateConflict, type StateProvider } from '../../core/ports/index.js';
import { backoff, KeyedQueue, Semaphore, unlessAborted, type WorkResult } from '../../core/work/index.js';
import type { IntakeManager, Notice } from './index.js';
import { type LookParts, look } from './look.js';
import { noticeKey, notices } from './record.js';

export interface IntakeParts extends Omit<LookParts, 'asking'> {
  readonly state: StateProvider;
  readonly clock: Clock;
  readonly log: Logger;
  /** Notices of which the registry is asked at the same time. */
  readonly parallel: number;
  /** Only these repositories; one that ends in `/` stands for all below it. */
  readonly repositories?: readonly string[] | undefined;
}

/** Milliseconds before what could not be looked at is looked at again, doubled at each time, and at most. */
const firstWait = 1_000;
const longestWait = 300_000;
/** Milliseconds that the host which took a notice has to itself, before the others that share its state look as well. */
const precedence = 30_000;

/** Follows what is to be looked at in the state, so that any host goes on with what another has taken and left. */
export class RegistryIntake implements IntakeManager, Lifecycle {
  readonly #parts: LookParts & IntakeParts;
  readonly #notices: Mirror<Notice, Notice>;
  readonly #queue: KeyedQueue;
  readonly #attempts = new Map<string, number>();
  /** What this host may look at: it took the notice, found it at its start, or has left it to the others for long enough. */
  readonly #due = new Set<string>();
  #started = false;
  #idle: (() => void)[] = [];

  constructor(parts: IntakeParts) {
    const { clock, state, parallel } = parts;
    this.#parts = { ...parts, asking: new Semaphore(parallel) };
    // What waits for an import to end keeps nobody from asking a registry: `asking` says how many do.
    const work = (key: string, signal: AbortSignal): Promise<WorkResult> => this.#work(key, signal);
    this.#queue = new KeyedQueue({ clock, parallel: Number.POSITIVE_INFINITY, work });
    this.#notices = new Mirror({
      state,
      collection: notices,
      clock,
      project: ({ value }) => value,
      changed: (key, now) => (now ? this.#come(key) : this.#gone(key)),
    });
  }

  async start(): Promise<void> {
    await this.#notices.start();
    this.#started = true;
  }

  drain(): Promise<void> {
    return this.#queue.stop();
  }

  async stop(): Promise<void> {
    await this.#queue.stop();
    await this.#notices.stop();
  }

  health(): Health {
    return this.#notices.health();
  }

  async notice(all: readonly Notice[]): Promise<void> {
    const wanted = new Map<string, Notice>();
    for (const one of all) {
      const key = noticeKey(one);
      if (this.#isWanted(one)) wanted.set(key, one);
      else
        this.#parts.log.info('a registry told of what `repositories` does not name', {
          notice: key,
          repository: one.repository,
          repositories: this.#parts.repositories,
        });
    }
    if (wanted.size === 0) return;
    // Before it is written: this host may hear of it before it is answered.
    for (const key of wanted.keys()) this.#due.add(key);
    try {
      const revision = await this.#parts.state.commit([...wanted].map(([key, notice]) => put(notices, key, notice)));
      for (const [key, value] of wanted) this.#notices.put({ key, revision, value });
    } catch (error) {
      for (const key of wanted.keys()) if (!this.#notices.get(key)) this.#due.delete(key);
      throw error;
    }
  }

  async settled(signal: AbortSignal): Promise<void> {
    if (this.#notices.size === 0) return;
    await unlessAborted(signal, new Promise<void>((resolve) => this.#idle.push(resolve)));
  }

  #isWanted({ repository }: Notice): boolean {
    const { repositories } = this.#parts;
    if (!repositories) return true;
    return repositories.some((one) => (one.endsWith('/') ? repository.startsWith(one) : repository === one));
  }

  #come(key: string): void {
    if (!this.#started) this.#due.add(key);
    this.#queue.add(key);
  }

  #gone(key: string): void {
    this.#due.delete(key);
    this.#attempts.delete(key);
    if (this.#notices.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #work(key: string, signal: AbortSignal): Promise<WorkResult> {
    if (this.#notices.get(key) === undefined) return undefined;
    if (!this.#due.has(key)) {
      this.#due.add(key);
      return { again: precedence };
    }
    try {
      await this.#look(key, signal);
      return undefined;
    } catch (error) {
      if (signal.aborted) return undefined;
      const { log } = this.#parts;
      // Whatever it is may pass: credentials are put right, a registry or a store comes back.
      if (error instanceof RegistryFault) log.warn(cannot, { notice: key, why: error.message });
      else log.error(cannot, { notice: key, error });
      return { again: this.#nextWait(key) };
    }
  }

  /** @throws what keeps it from being looked at now */
  async #look(key: string, signal: AbortSignal): Promise<void> {
    const { state, log } = this.#parts;
    for (;;) {
      const stored = await state.get(notices, key);
      if (!stored) return;
      try {
        const came = await look(this.#parts, stored.value, signal);
        if (came !== undefined) log.info('a registry told of a change', { notice: key, came });
      } catch (error) {
        if (signal.aborted || !isForGood(error)) throw error;
        log.warn(cannot, { notice: key, why: error.message });
      }
      try {
        this.#notices.delete(key, await state.commit([remove(notices, key, stored.revision)]));
        return;
      } catch (error) {
        // Noticed again meanwhile: looked at again.
        if (!(error instanceof StateConflict)) throw error;
      }
    }
  }

  #nextWait(key: string): number {
    const attempt = (this.#attempts.get(key) ?? 0) + 1;
    this.#attempts.set(key, attempt);
    return backoff(attempt, firstWait, longestWait);
  }
}

const cannot = 'what a registry told of cannot be looked at';

/** Whether the same would come of it however often it is looked at: another notice comes with what is pushed anew. */
function isForGood(error: unknown): error is RegistryFault {
  return error instanceof RegistryFault && error.reason !== 'unreachable' && error.reason !== 'denied';
}
