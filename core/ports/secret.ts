import { definePort } from './port.js';

/**
 * A secret could not be had, by what the caller can do about it.
 * @experimental
 */
export class SecretFault extends Error {
  override readonly name = 'SecretFault';
  constructor(
    /**
     * - `not-found`: there is none of this name; somebody has to put it there.
     * - `denied`: the store does not give it to this host.
     * - `unreachable`: the store does not answer; the same call can succeed later.
     * - `invalid`: the name, or what is kept under it, cannot be a secret.
     */
    readonly reason: 'not-found' | 'denied' | 'unreachable' | 'invalid',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Where passwords, tokens and keys are kept.
 *
 * When: between `start` and `stop`, any calls at the same time. Aborting the signal ends the call with its reason. A call
 * before `start` or after `stop` is answered as ever, or rejects as `unreachable`; so do those that `stop` ends.
 * After a crash: nothing is written by reading; what survives is the store's affair.
 * Again: reading changes nothing.
 *
 * What holds:
 * - A name is 1 to 253 characters of letters, digits, `.`, `_`, `-` and `/`, without an empty, `.` or `..` part
 *   between slashes. Any other is `invalid`.
 * - `get` reads the value of now: who calls again after a rotation gets the new one. A provider keeps no value longer
 *   than its documentation says, not even where the store is away: from then on `get` is `unreachable`.
 * - A value is text of 1 to 65,536 UTF-8 bytes, exactly as it was put there, without a line break that an editor left
 *   at its end.
 *
 * Errors: all calls reject with {@link SecretFault} and with nothing else, an abort excepted. No message
 * holds a value, be it of the secret that was asked for or of another, and neither does what causes it.
 *
 * A provider writes no value anywhere, into its log and to the console included. The host keeps every value that `get`
 * resolves with out of its log, the newest hundred of each name. Who asks keeps it no longer than needed.
 * @experimental
 */
export interface SecretProvider {
  get(name: string, signal?: AbortSignal): Promise<string>;
}

export const SecretProvider = definePort<SecretProvider>('secret', 'Passwords, tokens and keys', {
  boundary: {
    members: { get: 'call' },
    faults: [SecretFault],
    broken: (message) => new SecretFault('unreachable', message),
    functions: false,
  },
});

const nameForm = /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/;

/**
 * Whether `text` can be the name of a secret, for providers to check.
 * @experimental
 */
export function isSecretName(text: string): boolean {
  return text.length <= 253 && nameForm.test(text) && !text.split('/').some((part) => part === '.' || part === '..');
}
