import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { hasCode } from '../../core/files/index.js';
import { importAnew } from '../../core/plugin/import-anew.js';
import type { Plugin } from '../../core/plugin/index.js';
import { type LoadPluginOptions, loadPlugin } from '../../core/plugin/loader.js';
import { isPath } from '../../core/plugin/locate.js';

interface Loaded {
  readonly plugin: Plugin;
  readonly files: readonly string[];
  /** Of the content of the files; `undefined` where one may have been saved after it was read. */
  readonly digest: string | undefined;
}

/** Milliseconds by which the clock of a file system may be behind the one of the process; an editor's save is longer ago. */
const coarseness = 20;

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
    if (known && (await isAsLoaded(known))) return known.plugin;
    const began = Date.now();
    let files: readonly string[] = [];
    const importModule = async (url: string): Promise<unknown> => {
      const fresh = await importAnew(url);
      files = fresh.files;
      return fresh.module;
    };
    const plugin = await loadPlugin(specifier, { ...options, importModule });
    const digest = await digestOf(files);
    this.#loaded.set(path, { plugin, files, digest: (await savedSince(files, began)) ? undefined : digest });
    return plugin;
  };

  /** Whether a file of a plugin may be another one than when it was loaded. */
  async areChanged(): Promise<boolean> {
    for (const loaded of this.#loaded.values()) if (!(await isAsLoaded(loaded))) return true;
    return false;
  }
}

async function isAsLoaded({ files, digest }: Loaded): Promise<boolean> {
  return digest !== undefined && (await digestOf(files)) === digest;
}

/** Whether one of the files was written, moved into place or removed since then: an import may have read the one before. */
async function savedSince(files: readonly string[], began: number): Promise<boolean> {
  for (const file of files) {
    try {
      if ((await stat(file)).ctimeMs >= began - coarseness) return true;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return true;
      throw error;
    }
  }
  return false;
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
