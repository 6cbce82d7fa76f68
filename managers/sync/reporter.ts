import { isDeepStrictEqual } from 'node:util';
import { type Clock, canonicalJson, type Logger } from '../../core/plugin/index.js';
import { type FleetManager, FleetManagerFault, put, remove, type StateProvider } from '../../core/ports/index.js';
import { backoff, KeyedQueue, type WorkResult } from '../../core/work/index.js';
import type { ReconcileManager } from '../reconcile/index.js';
import { type Acknowledged, acknowledged, type Position } from './records.js';
import { longestAsked } from './retry-after.js';

/**
 * Sends reports until each is acknowledged. What is sent is the newest status at that time, so that a long absence
 * costs one report for each deployment, and a restart loses none.
 */
export class Reporter {
  readonly #attempts = new Map<string, number>();
  readonly #queue: KeyedQueue;

  constructor(
    private readonly on: {
      readonly fleet: FleetManager;
      readonly reconcile: ReconcileManager;
      readonly state: StateProvider;
      readonly clock: Clock;
      readonly log: Logger;
      /** Of the adopted manifest. Not ahead of what `reconcile` tells. */
      readonly position: () => Pick<Position, 'clientId' | 'version'> | undefined;
    },
  ) {
    this.#queue = new KeyedQueue({ clock: on.clock, parallel: 4, work: (id, signal) => this.#work(id, signal) });
  }

  add(id: string): void {
    this.#queue.add(id);
  }

  addAll(): void {
    for (const { report } of this.on.reconcile.statuses()) this.#queue.add(report.deploymentId);
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async #work(id: string, signal: AbortSignal): Promise<WorkResult> {
    try {
      await this.#send(id, signal);
      this.#attempts.delete(id);
      return undefined;
    } catch (error) {
      if (signal.aborted) return undefined;
      const attempt = (this.#attempts.get(id) ?? 0) + 1;
      this.#attempts.set(id, attempt);
      const asked = error instanceof FleetManagerFault ? error.retryAfter : undefined;
      const again = asked === undefined ? backoff(attempt, 1000, 60_000) : Math.min(asked, longestAsked);
      this.on.log.warn('a status could not be reported; tried again', { deploymentId: id, again, error });
      return { again };
    }
  }

  async #send(id: string, signal: AbortSignal): Promise<void> {
    const position = this.on.position();
    const status = this.on.reconcile.status(id);
    if (!position || !status) return;
    const { clientId, version } = position;
    const { report } = status;
    const now: Acknowledged = { report: canonicalJson(report as never), clientId, version };
    if (!isDeepStrictEqual((await this.on.state.get(acknowledged, id))?.value, now)) {
      try {
        await this.on.fleet.reportStatus(clientId, report, signal);
      } catch (error) {
        const known =
          error instanceof FleetManagerFault && (error.reason === 'not-found' || error.reason === 'invalid');
        if (!known) throw error;
        // It does not know the deployment any more, or will never take this report: sending it again helps nobody.
        this.on.log.warn('the fleet manager does not take a status', { deploymentId: id, state: report.state, error });
      }
      await this.on.state.commit([put(acknowledged, id, now)]);
    }
    if (report.state !== 'removed') return;
    await this.on.reconcile.forget(id);
    if (!this.on.reconcile.status(id)) await this.on.state.commit([remove(acknowledged, id)]);
  }
}
