import { installation } from './installation.js';

/** The version of this program. */
export function tuttiVersion(): string {
  return installation().version;
}
