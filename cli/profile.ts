import { hostRefs } from '../core/host/index.js';
import { DefinitionRegistry } from '../core/plugin/registry.js';
import {
  type LoadProfileOptions,
  loadProfile,
  ProfileError,
  type ResolvedProfile,
  type Survey,
  surveyProfile,
} from '../core/profile/index.js';
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

/**
 * @param more how plugins are loaded, where that is not as always
 * @throws CommandFailure with every fault of the file
 */
export async function readProfile(
  file: string,
  more: Pick<LoadProfileOptions, 'loadPlugin'> = {},
): Promise<ResolvedProfile> {
  return loadProfile(file, { ...options(), hostRefs, ...more }).catch(refuse);
}

/**
 * What is known with the plugins of a profile, whatever else is wrong with it; the built-ins where there is none.
 *
 * @throws CommandFailure when the file cannot be read at all
 */
export async function surveyed(file: string | undefined): Promise<Survey> {
  if (file === undefined) return { registry: builtinRegistry(), plugins: [], entries: [] };
  return surveyProfile(file, options()).catch(refuse);
}

/** As {@link surveyed}. @throws CommandFailure also when a plugin is missing */
export async function knownWith(file: string | undefined): Promise<Survey> {
  const survey = await surveyed(file);
  return survey.error ? refuse(survey.error) : survey;
}

const options = () => ({ env: process.env, registry: builtinRegistry(), hostVersion: tuttiVersion() });

function refuse(error: unknown): never {
  throw error instanceof ProfileError ? invalid(error.report(), undefined, { cause: error }) : error;
}
