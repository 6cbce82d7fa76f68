import { Problem } from '../../core/operation/index.js';
import type { Clock, Logger } from '../../core/plugin/index.js';
import { type CredentialIssuer, remove, StateConflict, type StateProvider } from '../../core/ports/index.js';
import { backoff, KeyedQueue, type WorkResult } from '../../core/work/index.js';
import type { DeviceManager } from '../device/index.js';
import { accounts } from './record.js';

export interface CredentialParts {
  readonly state: StateProvider;
  readonly devices: DeviceManager;
  readonly issuer: CredentialIssuer;
  readonly clock: Clock;
  readonly log: Logger;
  /** How many accounts are ended at the same time. */
  readonly parallel: number;
  /** Milliseconds that making an account may take. */
  readonly issueTime: number;
}

/** Milliseconds before an account that could not be ended is tried again: the first, and the longest. */
const firstWait = 1_000;
const longestWait = 300_000;
/** How much longer than it may an account that is being made counts as under way, milliseconds. */
const grace = 30_000;

/** Ends the accounts of devices that may not have them any more. */
export class Revoker {
  readonly #queue: KeyedQueue;
  /** How often in a row an account could not be ended. */
  readonly #failures = new Map<string, number>();

  constructor(private readonly parts: CredentialParts) {
    const { clock, parallel } = parts;
    this.#queue = new KeyedQueue({ clock, parallel, work: (clientId, signal) => this.#work(clientId, signal) });
  }

  /** Looks soon whether the device may keep its account. */
  look(clientId: string): void {
    this.#queue.add(clientId);
  }

  /** Ends the work that is under way; what is left is found at the next start. Safe to call twice. */
  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async #work(clientId: string, signal: AbortSignal): Promise<WorkResult> {
    try {
      const result = await this.#settle(clientId, signal);
      this.#failures.delete(clientId);
      return result;
    } catch (error) {
      if (signal.aborted) return undefined;
      const failures = (this.#failures.get(clientId) ?? 0) + 1;
      this.#failures.set(clientId, failures);
      const again = backoff(failures, firstWait, longestWait);
      const context = { clientId, failures, again, why: error instanceof Error ? error.message : String(error) };
      this.parts.log.warn('the pull credentials of a device could not be ended; tried again', context);
      return { again };
    }
  }

  async #settle(clientId: string, signal: AbortSignal): Promise<WorkResult> {
    const { state, issuer, clock, log, issueTime } = this.parts;
    const account = await state.get(accounts, clientId);
    if (!account || (await this.#mayHaveIt(clientId))) return undefined;
    await issuer.revoke(clientId, signal);
    // A request that was let in before may make it once more: kept in mind until none can be under way.
    const left = account.value.askedAt + issueTime + grace - clock.now();
    if (left > 0) return { again: left };
    try {
      await state.commit([remove(accounts, clientId, account.revision)]);
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
      // Asked for again meanwhile, or another host was faster.
      return { again: firstWait };
    }
    log.info('the pull credentials of a device were ended', { clientId });
    return undefined;
  }

  async #mayHaveIt(clientId: string): Promise<boolean> {
    try {
      return (await this.parts.devices.get(clientId)).state === 'ONBOARDED';
    } catch (error) {
      if (error instanceof Problem && error.kind.status === 404) return false;
      throw error;
    }
  }
}
