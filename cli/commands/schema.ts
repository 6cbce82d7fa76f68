import { profileJsonSchema } from '../../core/profile/index.js';
import { builtinRegistry, tuttiVersion } from '../profile.js';
import type { Terminal } from '../terminal.js';

/** `tutti schema`: JSON Schema of profiles, for editors. */
export async function schema(terminal: Terminal): Promise<void> {
  const registry = builtinRegistry();
  await registry.load(tuttiVersion());
  terminal.out(JSON.stringify(profileJsonSchema(registry), undefined, 2));
  terminal.next(
    'keep it as profile.schema.json beside a profile whose first line is: # yaml-language-server: $schema=./profile.schema.json',
  );
}
