import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { hasCode } from '../../core/files/index.js';
import { importAnew } from '../../core/plugin/import-anew.js';
import type { Plugin } from '../../core/plugin/index.js';
import { isPath, type LoadPluginOptions, loadPlugin } from '../../core/plugin/loader.js';

interface Loaded {
  readonly plugin: Plugin;
  readonly files: readonly string[];
  /** Of the content of the files. */
  readonly digest: string;
}

/**
 * Loads plugins by path with the code that their files have now. As long as no file of a plugin changes it is the same
 * plugin, with the same definitions, so that a reload replaces what was made of changed code alone.
 */
export class PluginsUnderDevelopment {
  readonly #loaded = new Map<string, Loaded>();
  readonly #folders = new Set<string>();

  /** Where files of plugins may change, or appear. */
  get folders(): readonly string[] {
    return [...this.#folders];
  }

  readonly load = async (specifier: string, options: LoadPluginOptions): Promise<Plugin> => {
    if (!isPath(specifier)) return loadPlugin(specifier, options);
    const path = resolve(dirname(options.from), specifier);
    this.#folders.add(await folderOf(path));
    const known = this.#loaded.get(path);
    if (known && (await digestOf(known.files)) === known.digest) return known.plugin;
    let files: readonly string[] = [];
    const importModule = async (url: string): Promise<unknown> => {
      const fresh = await importAnew(url);
      files = fresh.files;
      return fresh.module;
    };
    const plugin = await loadPlugin(specifier, { ...options, importModule });
    this.#loaded.set(path, { plugin, files, digest: await digestOf(files) });
    return plugin;
  };
}

async function folderOf(path: string): Promise<string> {
  try {
    return (await stat(path)).isDirectory() ? path : dirname(path);
  } catch (error) {
    // It may be made at any time.
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return dirname(path);
    throw error;
  }
}

/** Of a file that is gone the digest is another one too. */
async function digestOf(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) {
    const content = await readFile(file).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return 'gone';
      throw error;
    });
    hash.update(file).update('\0').update(content).update('\0');
  }
  return hash.digest('hex');
}
