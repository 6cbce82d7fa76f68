import { hostRefs } from '../core/host/index.js';
import { DefinitionRegistry } from '../core/plugin/registry.js';
import { loadProfile, ProfileError, type ResolvedProfile } from '../core/profile/index.js';
import { builtins } from './builtins.js';
import { invalid } from './failure.js';
import { tuttiVersion } from './version.js';

export { tuttiVersion } from './version.js';

/** All that Tutti brings along, known and not loaded. */
export function builtinRegistry(): DefinitionRegistry {
  const registry = new DefinitionRegistry();
  registry.announce(builtins);
  return registry;
}

/** @throws CommandFailure with every fault of the file */
export async function readProfile(file: string): Promise<ResolvedProfile> {
  const options = { env: process.env, registry: builtinRegistry(), hostVersion: tuttiVersion(), hostRefs };
  try {
    return await loadProfile(file, options);
  } catch (error) {
    throw error instanceof ProfileError ? invalid(error.report(), undefined, { cause: error }) : error;
  }
}
