import { createRequire } from 'node:module';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What an import found, read from the files as they are now. */
export interface FreshModule {
  readonly module: unknown;
  /** All modules that it is made of, without those of installed packages: a change to one of them changes it. */
  readonly files: readonly string[];
}

/**
 * Imports a module and everything that it imports once more, whatever was imported before; installed packages are not.
 * For the developer of a plugin: Node itself never forgets a module, so that its memory grows with each import.
 *
 * All is compiled, not only TypeScript, since what Node imports by itself it imports once. A module with an `await` at
 * its top level can be compiled only by way of Node; of its own modules in plain JavaScript, changes are not seen then.
 */
export async function importAnew(url: string): Promise<FreshModule> {
  const [{ createJiti }, api] = await Promise.all([import('jiti'), import('./index.js')]);
  const { cache } = createRequire(url);
  for (const file of Object.keys(cache)) if (!isInstalled(file)) delete cache[file];
  const jiti = createJiti(url, { virtualModules: { 'tutti/plugin': api }, fsCache: false });
  const module = await importWith(jiti, url);
  return { module, files: Object.keys(cache).filter((file) => !isInstalled(file)) };
}

async function importWith(
  jiti: ((file: string) => unknown) & { import(url: string): Promise<unknown> },
  url: string,
): Promise<unknown> {
  try {
    return jiti(fileURLToPath(url));
  } catch (error) {
    if (!(error instanceof SyntaxError && error.message.startsWith('await is only valid'))) throw error;
    return jiti.import(url);
  }
}

function isInstalled(file: string): boolean {
  return file.includes(`${sep}node_modules${sep}`);
}
