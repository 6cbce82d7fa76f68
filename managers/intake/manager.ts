import { allOf } from '../../core/mirror/index.js';
import type { Clock, Lifecycle, Logger } from '../../core/plugin/index.js';
import { put, RegistryFault, remove, StateConflict, StateFault, type StateProvider } from '../../core/ports/index.js';
import { backoff, KeyedQueue, unlessAborted, type WorkResult } from '../../core/work/index.js';
import type { IntakeManager, Notice } from './index.js';
import { type LookParts, look } from './look.js';
import { noticeKey, notices } from './record.js';

export interface IntakeParts extends LookParts {
  readonly state: StateProvider;
  readonly clock: Clock;
  readonly log: Logger;
  readonly parallel: number;
  /** Only these repositories; one that ends in `/` stands for all below it. */
  readonly repositories?: readonly string[] | undefined;
}

/** Milliseconds before a registry that is away is asked again, doubled at each time, and at most. */
const firstWait = 1_000;
const longestWait = 300_000;

export class RegistryIntake implements IntakeManager, Lifecycle {
  readonly #queue: KeyedQueue;
  readonly #attempts = new Map<string, number>();
  readonly #busy = new Set<string>();
  #idle: (() => void)[] = [];

  constructor(private readonly parts: IntakeParts) {
    const { clock, parallel } = parts;
    this.#queue = new KeyedQueue({ clock, parallel, work: (key, signal) => this.#work(key, signal) });
  }

  async start(): Promise<void> {
    for await (const { key } of allOf(this.parts.state, notices)) this.#add(key);
  }

  drain(): Promise<void> {
    return this.#queue.stop();
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async notice(all: readonly Notice[]): Promise<void> {
    const wanted = new Map(all.filter((one) => this.#isWanted(one)).map((one) => [noticeKey(one), one]));
    if (wanted.size === 0) return;
    await this.parts.state.commit([...wanted].map(([key, notice]) => put(notices, key, notice)));
    for (const key of wanted.keys()) this.#add(key);
  }

  async settled(signal: AbortSignal): Promise<void> {
    if (this.#busy.size === 0) return;
    await unlessAborted(signal, new Promise<void>((resolve) => this.#idle.push(resolve)));
  }

  #isWanted({ repository }: Notice): boolean {
    const { repositories } = this.parts;
    if (!repositories) return true;
    return repositories.some((one) => (one.endsWith('/') ? repository.startsWith(one) : repository === one));
  }

  #add(key: string): void {
    this.#busy.add(key);
    this.#queue.add(key);
  }

  async #work(key: string, signal: AbortSignal): Promise<WorkResult> {
    try {
      const again = await this.#look(key, signal);
      if (again) return again;
      this.#attempts.delete(key);
    } catch (error) {
      // What was noticed is kept; the next start goes on with it.
      if (!signal.aborted) {
        this.parts.log.error('a notice of a registry could not be looked at', { notice: key, error });
        if (error instanceof StateFault) return { again: this.#nextWait(key) };
      }
    }
    this.#busy.delete(key);
    if (this.#busy.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
    return undefined;
  }

  async #look(key: string, signal: AbortSignal): Promise<WorkResult> {
    for (;;) {
      const stored = await this.parts.state.get(notices, key);
      if (!stored) return undefined;
      try {
        const came = await look(this.parts, stored.value, signal);
        if (came !== undefined) this.parts.log.info('a registry told of a change', { notice: key, came });
      } catch (error) {
        if (signal.aborted || !(error instanceof RegistryFault)) throw error;
        this.parts.log.warn('what a registry told of cannot be looked at', { notice: key, why: error.message });
        // Credentials may be put right, as the registry may come back.
        if (error.reason === 'unreachable' || error.reason === 'denied') return { again: this.#nextWait(key) };
      }
      try {
        await this.parts.state.commit([remove(notices, key, stored.revision)]);
        return undefined;
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
