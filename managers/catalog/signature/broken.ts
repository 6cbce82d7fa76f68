import { RegistryFault } from '../../../core/ports/index.js';

/**
 * Why one signature does not count when it was asked for and this came, for a person. Whoever may push to a repository may have left
 * a broken one beside a good one.
 * @throws the error itself when it says nothing of this signature, as that of a registry that is away
 */
export function brokenSignature(error: unknown): string {
  if (!(error instanceof RegistryFault) || error.reason === 'denied' || error.reason === 'unreachable') throw error;
  return `one cannot be had: ${error.message}`;
}
