import { allOf } from '../../core/mirror/index.js';
import { Problem, problems } from '../../core/operation/index.js';
import { type Lifecycle, Turns } from '../../core/plugin/index.js';
import { CredentialFault, type PullCredential, put } from '../../core/ports/index.js';
import { withDeadline } from '../../core/work/index.js';
import type { CredentialManager } from './index.js';
import { accounts } from './record.js';
import { type CredentialParts, Revoker } from './revoker.js';

/** When who asked in vain may ask again, seconds. */
const retryAfterSeconds = 15;

export class IssuedCredentials implements CredentialManager, Lifecycle {
  readonly #revoker: Revoker;
  /** Of one device's requests at a time, the last must be the one whose answer counts. */
  readonly #turns = new Turns();
  #unfollow: (() => void) | undefined;

  constructor(private readonly parts: CredentialParts) {
    this.#revoker = new Revoker(parts);
  }

  async start(): Promise<void> {
    const { devices, state } = this.parts;
    this.#unfollow = devices.follow((id) => this.#revoker.look(id));
    // For what became of devices while nobody was there to see it.
    for await (const { key } of allOf(state, accounts)) {
      const known = devices.keyOf(key);
      if (known === undefined || 'refused' in known) this.#revoker.look(key);
    }
  }

  drain(): Promise<void> {
    return this.stop();
  }

  async stop(): Promise<void> {
    this.#unfollow?.();
    await this.#revoker.stop();
  }

  issue(clientId: string, signal: AbortSignal = new AbortController().signal): Promise<readonly PullCredential[]> {
    return this.#turns.take(clientId, () => this.#issue(clientId, signal), signal);
  }

  async #issue(clientId: string, signal: AbortSignal): Promise<readonly PullCredential[]> {
    const { state, clock, log } = this.parts;
    await this.#mustBeOnboarded(clientId);
    await state.commit([put(accounts, clientId, { askedAt: clock.now() })]);
    const credentials = await this.#made(clientId, signal);
    try {
      await this.#mustBeOnboarded(clientId);
    } catch (error) {
      // Revoked while its account was made: whoever follows devices may have been there too early.
      this.#revoker.look(clientId);
      throw error;
    }
    const registries = credentials.map(({ registry }) => registry);
    log.info('a device was given credentials to pull with', { clientId, registries });
    return credentials;
  }

  async #made(clientId: string, signal: AbortSignal): Promise<readonly PullCredential[]> {
    const { issuer, clock, log, issueTime } = this.parts;
    const late = async () => new CredentialFault('unreachable', `no account within ${issueTime / 1000} s`);
    try {
      return await withDeadline({ clock, milliseconds: issueTime, signal, late }, (limited) =>
        issuer.issue(clientId, limited),
      );
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CredentialFault)) throw error;
      log.warn('a device could not be given credentials to pull with', {
        clientId,
        reason: error.reason,
        why: error.message,
      });
      // What the registry says is for the operator, not for a device.
      const text = 'the registry gives no pull credentials now; the log of the fleet manager says why';
      throw new Problem(problems.unavailable, text, { retryAfterSeconds, cause: error });
    }
  }

  /** @throws Problem 403, 404 */
  async #mustBeOnboarded(clientId: string): Promise<void> {
    const { state } = await this.parts.devices.get(clientId);
    if (state === 'ONBOARDED') return;
    throw new Problem(problems.notAuthorized, `device ${clientId} is ${state}: it gets no pull credentials`);
  }
}
