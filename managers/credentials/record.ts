import { collection } from '../../core/ports/index.js';

/**
 * Which clients may have an account in a registry. Written before the account is made, so that one that a crash leaves
 * behind is found; never with anything that is secret.
 */
export const accounts = collection<{
  /** When an account was last asked for; milliseconds since the epoch. */
  readonly askedAt: number;
}>('pull-accounts');
