import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Definition } from '../../core/plugin/index.js';
import { type MakeSubject, type SecretStore, type SecretUnderTest, secretSubjects } from '../../core/testing/index.js';
import file from '../../providers/secret/file/index.js';

/** A directory of secrets, as whoever looks after them uses it. */
export async function secretDirectory(directory: string): Promise<SecretStore> {
  await mkdir(directory, { mode: 0o700 });
  return {
    async put(name, value) {
      const path = join(directory, name);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(`${directory}.new`, value, { mode: 0o600 });
      await rename(`${directory}.new`, path);
    },
    remove: (name) => rm(join(directory, name)),
    async breakDown() {
      await rename(directory, `${directory}.away`);
      return () => rename(`${directory}.away`, directory);
    },
    async damage(name) {
      const path = join(directory, name);
      const content = await readFile(path);
      // No text in UTF-8 has it.
      await writeFile(path, Buffer.concat([content, Buffer.of(0xff)]));
      return () => writeFile(path, content);
    },
  };
}

/** @param definition `secret.file`, however its instances are made */
export function fileSubjectsOf(definition: Definition): MakeSubject<SecretUnderTest> {
  return secretSubjects(definition, {
    config: { directory: 'secrets' },
    store: (dataDir) => secretDirectory(join(dataDir, 'secrets')),
  });
}

export const fileSubjects = fileSubjectsOf(file);
