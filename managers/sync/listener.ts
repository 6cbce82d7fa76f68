import type { Clock, Logger } from '../../core/plugin/index.js';
import { type FleetManager, FleetManagerFault } from '../../core/ports/index.js';
import { backoff } from '../../core/work/index.js';
import type { Position } from './records.js';
import { longestAsked } from './retry-after.js';

/** Whether a fleet manager is asked to tell of new manifests: as long as it seems to know how, always, or never. */
export type PushMode = 'auto' | 'on' | 'off';

interface Dependencies {
  readonly fleet: FleetManager;
  readonly clock: Clock;
  readonly log: Logger;
  readonly mode: PushMode;
  readonly position: () => Pick<Position, 'etag'> | undefined;
  /** Called when there is a manifest that is not the adopted one. */
  readonly hurry: () => void;
}

/** Milliseconds that a line must have held for the next break to count as the first one. */
const steady = 30_000;
const longestPause = 300_000;
/** How long a fleet manager that does not tell of changes is left alone. */
const unsupportedPause = 3_600_000;

/**
 * Has the fleet manager tell of new manifests over a line that is held open, so that a change is polled for at once.
 * Polling goes on beside it: where nobody tells, or the line breaks, nothing is lost but time.
 */
export class ManifestListener {
  #following: { readonly clientId: string; readonly stop: AbortController; readonly done: Promise<void> } | undefined;
  /** Ends the pause after a break; not the one for a fleet manager that does not tell at all. */
  #retry: AbortController | undefined;

  constructor(private readonly on: Dependencies) {}

  /** Follows this client from now on. There is contact at the moment: a line that is down is tried at once. */
  follow(clientId: string): void {
    if (this.on.mode === 'off' || !this.on.fleet.changes) return;
    if (this.#following?.clientId === clientId) {
      this.#retry?.abort();
      return;
    }
    this.#following?.stop.abort();
    const stop = new AbortController();
    this.#following = { clientId, stop, done: this.#run(clientId, stop.signal) };
  }

  async stop(): Promise<void> {
    this.#following?.stop.abort();
    await this.#following?.done;
  }

  async #run(clientId: string, signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      const since = this.on.clock.now();
      let fault: unknown;
      try {
        await this.#listen(clientId, signal);
      } catch (error) {
        fault = error;
      }
      if (signal.aborted) return;
      failures = this.on.clock.now() - since >= steady ? 1 : failures + 1;
      const unsupported = fault instanceof FleetManagerFault && fault.reason === 'unsupported';
      const asked = fault instanceof FleetManagerFault ? fault.retryAfter : undefined;
      this.#note(fault, unsupported, failures);
      if (unsupported && this.on.mode === 'auto') await this.#pause(unsupportedPause, signal);
      else
        await this.#pauseUntilContact(Math.min(asked ?? backoff(failures, 1000, longestPause), longestAsked), signal);
    }
  }

  async #listen(clientId: string, signal: AbortSignal): Promise<void> {
    const etags = this.on.fleet.changes?.(clientId, this.on.position()?.etag, signal);
    for await (const etag of etags ?? []) if (etag !== this.on.position()?.etag) this.on.hurry();
  }

  #note(fault: unknown, unsupported: boolean, failures: number): void {
    if (unsupported && failures === 1) {
      this.on.log.info('the fleet manager does not tell of changes: it is polled only');
    } else
      this.on.log.debug('the line on which the fleet manager tells of changes has ended', { failures, error: fault });
  }

  async #pauseUntilContact(milliseconds: number, signal: AbortSignal): Promise<void> {
    const retry = new AbortController();
    this.#retry = retry;
    await this.#pause(milliseconds, AbortSignal.any([signal, retry.signal]));
    if (this.#retry === retry) this.#retry = undefined;
  }

  async #pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    try {
      await this.on.clock.delay(milliseconds, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
