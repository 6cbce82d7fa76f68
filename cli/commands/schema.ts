import { profileJsonSchema } from '../../core/profile/index.js';
import { invalid } from '../failure.js';
import { surveyed, tuttiVersion } from '../profile.js';
import type { Terminal } from '../terminal.js';

/**
 * `tutti schema [PROFILE]`: JSON Schema of profiles, for editors, with the types of a profile's plugins. An editor needs
 * it most while the profile is faulty: what could be loaded is in it, and what could not is told.
 */
export async function schema(terminal: Terminal, file: string | undefined): Promise<void> {
  const { registry, entries, error } = await surveyed(file);
  await registry.load(tuttiVersion());
  terminal.out(JSON.stringify(profileJsonSchema(registry, entries), undefined, 2));
  if (error) throw invalid(error.report(), 'the schema has all types but those that are missing', { cause: error });
  terminal.next(
    'keep it as profile.schema.json beside a profile whose first line is: # yaml-language-server: $schema=./profile.schema.json',
  );
}
