import { describeBindings, StartUpError } from '../../core/host/index.js';
import { invalid } from '../failure.js';
import { readProfile } from '../profile.js';
import type { Terminal } from '../terminal.js';

/** `tutti validate PROFILE`: checks a profile as a whole, makes its entries, which has no side effects, and starts none. */
export async function validate(terminal: Terminal, file: string): Promise<void> {
  const profile = await readProfile(file);
  try {
    describeBindings(profile);
  } catch (error) {
    throw error instanceof StartUpError ? invalid(error.message, undefined, { cause: error }) : error;
  }
  const { name, dataDir, entries } = profile;
  terminal.out(`${file} is valid: profile ${name}, ${entries.length} entries, data in ${dataDir}`);
  terminal.next(`tutti run ${file}`);
}
