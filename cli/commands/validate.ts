import { readProfile } from '../profile.js';
import type { Terminal } from '../terminal.js';

/** `tutti validate PROFILE`: checks a profile as a whole and starts nothing. */
export async function validate(terminal: Terminal, file: string): Promise<void> {
  const { name, dataDir, entries } = await readProfile(file);
  terminal.out(`${file} is valid: profile ${name}, ${entries.length} entries, data in ${dataDir}`);
  terminal.next(`tutti run ${file}`);
}
