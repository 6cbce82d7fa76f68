import { definePort } from './port.js';

/**
 * Who pulls from one registry.
 * @experimental
 */
export interface PullCredential {
  /** Host and port as image references write them: `registry.example:5000`. */
  readonly registry: string;
  readonly username: string;
  readonly password: string;
  /** Milliseconds since the epoch; absent: it does not expire. */
  readonly expiresAt?: number;
}

/**
 * Pull credentials could not be made or ended, by what the caller can do about it.
 * @experimental
 */
export class CredentialFault extends Error {
  override readonly name = 'CredentialFault';
  constructor(
    /**
     * - `unreachable`: the registry does not answer, or is busy; the same call can succeed later.
     * - `denied`: it does not let us; somebody has to give us the right.
     * - `invalid`: it cannot have an account for this holder, or is not what it should be.
     */
    readonly reason: 'unreachable' | 'denied' | 'invalid',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Makes and ends credentials that may pull, and nothing else: an account for each holder.
 *
 * When: between `start` and `stop`, any calls at the same time; those for one holder one after the other. Aborting the
 * signal ends the call with its reason.
 *
 * After a crash: the registry knows its accounts. What was issued stays good until it is revoked or expires.
 *
 * Again: `issue` gives new passwords, and those that were given before may not count any more. `revoke` of what is not
 * there is success.
 *
 * What holds:
 * - A holder is 1 to 100 characters: `a-z` and `0-9`, with single `-` between them. Any other is `invalid`. No two holders
 *   share an account.
 * - A password is told once, by `issue`, and kept by nobody but the registry.
 * - Only accounts that `issue` made are changed or ended.
 *
 * Errors: all calls reject with {@link CredentialFault}, an abort excepted. No message holds a password, and neither does
 * what causes it. The host keeps every password that `issue` resolves with out of its log.
 * @experimental
 */
export interface CredentialIssuer {
  /** @param holder whose they will be, such as a client id */
  issue(holder: string, signal?: AbortSignal): Promise<readonly PullCredential[]>;
  revoke(holder: string, signal?: AbortSignal): Promise<void>;
}

export const CredentialIssuer = definePort<CredentialIssuer>(
  'credentials',
  'Accounts that may pull, one for each device',
  {
    boundary: {
      members: { issue: 'call', revoke: 'call' },
      faults: [CredentialFault],
      broken: (message) => new CredentialFault('unreachable', message),
      functions: false,
    },
  },
);

/**
 * The credentials that somebody else hands to this device, for whoever pulls here.
 *
 * When: between `start` and `stop`, any calls at the same time. Aborting the signal ends the call with its reason.
 *
 * After a crash: those that are still good are known, whether or not who hands them out can be reached.
 *
 * Again: asking changes nothing.
 *
 * What holds: what has expired is not given. A provider writes no password into its log or to the console, nor into a file
 * that others can read.
 *
 * Errors: none. Who cannot have any gets an empty list, and the provider's health says why: much can be pulled without.
 * @experimental
 */
export interface PullCredentials {
  /** Those of now. Resolves at once while there are any. */
  current(signal?: AbortSignal): Promise<readonly PullCredential[]>;
  /**
   * The registries of each handover after the call, for who keeps a password where others read it: those of `current` are
   * other ones from then on. Who reads slowly misses none. Ends when the signal aborts, or the provider stops.
   */
  changes(signal: AbortSignal): AsyncIterable<readonly string[]>;
  /** Says that the registry did not take one of them, so that new ones are asked for. */
  refused(credential: Pick<PullCredential, 'registry' | 'username'>): Promise<void>;
}

export const PullCredentials = definePort<PullCredentials>(
  'pull-credentials',
  'The credentials that a device is handed for its pulls',
  {
    boundary: {
      members: { current: 'call', changes: 'stream', refused: 'call' },
      faults: [],
      broken: (message) => new Error(message),
      functions: false,
    },
  },
);
