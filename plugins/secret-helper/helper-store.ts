import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SecretStore } from 'tutti/testing';

/** A helper of a store for tests, with what keeps secrets in it. */
export interface HelperStore extends SecretStore {
  /** Keeps what an answer has in place of a secret, whatever it is. */
  answer(name: string, Secret: unknown): Promise<void>;
  breakDown(): Promise<() => Promise<void>>;
}

/** Puts another program in place of the helper. */
export function writeHelper(folder: string, body: string): Promise<void> {
  return writeFile(join(folder, 'docker-credential-kit'), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
}

/**
 * A helper `kit` that speaks the protocol, over files that have its answers.
 *
 * @param folder of the helper, made unless it is there
 */
export async function helperStore(folder: string): Promise<HelperStore> {
  const store = join(folder, 'store');
  await mkdir(store, { recursive: true });
  await writeHelper(
    folder,
    `[ "$1" = get ] || exit 9
[ -d "${store}" ] || { echo "the store is away"; exit 1; }
cat "${store}/$(sha256sum | cut -c1-64)" 2>/dev/null || { echo "credentials not found in native keychain"; exit 1; }`,
  );
  const fileOf = (name: string): string => join(store, createHash('sha256').update(`tutti://${name}`).digest('hex'));
  const answer: HelperStore['answer'] = async (name, Secret) => {
    const file = fileOf(name);
    await writeFile(`${file}.new`, JSON.stringify({ ServerURL: `tutti://${name}`, Username: 'anybody', Secret }));
    await rename(`${file}.new`, file);
  };
  return {
    answer,
    put: answer,
    remove: (name) => rm(fileOf(name)),
    async breakDown() {
      await rename(store, `${store}.away`);
      return () => rename(`${store}.away`, store);
    },
    async damage(name) {
      const text = await readFile(fileOf(name), 'utf8');
      await writeFile(fileOf(name), text.slice(0, -1));
      return () => writeFile(fileOf(name), text);
    },
  };
}
