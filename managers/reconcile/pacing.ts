import { backoff } from '../../core/work/index.js';

interface Pace {
  /** Failures in a row. */
  readonly attempts: number;
  /** Milliseconds since the epoch; not tried again before. Infinite where trying again cannot help. */
  readonly until: number;
  /** When it was last made to run. */
  readonly ranAt?: number;
}

export interface PacingSettings {
  /** Milliseconds: the first wait after a failure, and the longest one. */
  readonly retryFirst: number;
  readonly retryCap: number;
}

/** What ran for this long, in milliseconds, and then broke, broke for the first time. */
const lasting = 60_000;

/**
 * When a component may be tried again. Whatever wakes the work on an application (a change that its own failure made,
 * most of all), what failed waits its turn; so does what breaks again and again soon after it was made to run.
 */
export class Pacing {
  readonly #paces = new Map<string, Map<string, Pace>>();

  constructor(
    private readonly now: () => number,
    private readonly settings: PacingSettings,
  ) {}

  /** Milliseconds until the component may be worked on. @param broke whether it ran before */
  wait(id: string, component: string, broke: boolean): number {
    const pace = this.#paces.get(id)?.get(component);
    if (!pace) return 0;
    const now = this.now();
    if (pace.until > now) return pace.until - now;
    if (!broke || pace.ranAt === undefined) return 0;
    if (now - pace.ranAt < lasting) return this.failed(id, component, true);
    this.forget(id, component);
    return 0;
  }

  ran(id: string, component: string): void {
    const attempts = this.#paces.get(id)?.get(component)?.attempts ?? 0;
    this.#set(id, component, { attempts, until: 0, ranAt: this.now() });
  }

  /** @returns milliseconds until the next try; infinite without `retry` */
  failed(id: string, component: string, retry: boolean): number {
    const attempts = (this.#paces.get(id)?.get(component)?.attempts ?? 0) + 1;
    const wait = retry ? backoff(attempts, this.settings.retryFirst, this.settings.retryCap) : Number.POSITIVE_INFINITY;
    this.#set(id, component, { attempts, until: this.now() + wait });
    return wait;
  }

  /** When the application is tried again; `undefined` when nothing of it waits for that. */
  retryAt(id: string): number | undefined {
    const times = [...(this.#paces.get(id)?.values() ?? [])].map(({ until }) => until);
    const next = Math.min(...times.filter((until) => until > this.now()));
    return Number.isFinite(next) ? next : undefined;
  }

  /** Something else is desired, or nothing any more: it starts afresh, as a whole or in one component. */
  forget(id: string, component?: string): void {
    if (component === undefined) this.#paces.delete(id);
    else this.#paces.get(id)?.delete(component);
  }

  #set(id: string, component: string, pace: Pace): void {
    const paces = this.#paces.get(id) ?? new Map<string, Pace>();
    this.#paces.set(id, paces.set(component, pace));
  }
}
