import { readProfile } from '../profile.js';

/** Checks a profile as a whole and starts nothing. */
export async function validate(file: string): Promise<void> {
  const { name, dataDir, entries } = await readProfile(file);
  process.stdout.write(
    `${file} is valid: profile ${name}, ${entries.length} entries, data in ${dataDir}\nstart it with: tutti run ${file}\n`,
  );
}
