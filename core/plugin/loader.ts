import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bounded, defaultLimit, Overdue } from './bounded.js';
import { pluginOf } from './default-export.js';
import type { Plugin } from './definition.js';
import { guardIntrinsics } from './intrinsics.js';
import { locate } from './locate.js';
import { placeIn } from './place.js';
import { PluginFault } from './plugin-fault.js';
import { readable, reasonOf } from './thrown.js';

export interface LoadPluginOptions {
  /** The file that names the plugin: paths and packages are looked for from its folder. */
  readonly from: string;
  /** Milliseconds that importing may take; 10,000 unless told. */
  readonly timeout?: number;
  /** Imports the module that was found; once for each process unless told. */
  readonly importModule?: (url: string) => Promise<unknown>;
}

/**
 * Imports a plugin by path (it starts with `.` or is absolute; a module or a package's folder) or by package name.
 *
 * @throws {@link PluginFault} and nothing else
 */
export async function loadPlugin(specifier: string, options: LoadPluginOptions): Promise<Plugin> {
  const { url, folders } = await locate(specifier, options.from);
  const { importModule = importOnce, timeout = defaultLimit } = options;
  const module = await imported({ specifier, folders, timeout, load: () => importModule(url) });
  return pluginOf(specifier, module);
}

/**
 * Imports another module of a plugin's package, as the plugin itself is imported.
 *
 * @param file its path, absolute
 * @param modules what it imports by these names is the host's own, beside `tutti/plugin`
 * @returns its namespace
 * @throws {@link PluginFault} and nothing else
 */
export async function importBeside(
  file: string,
  modules: VirtualModules,
  timeout: number = defaultLimit,
): Promise<unknown> {
  const load = (): Promise<unknown> => compile(pathToFileURL(file).href, modules);
  return imported({ specifier: file, folders: [dirname(file)], timeout, load });
}

interface Import {
  readonly specifier: string;
  /** Where the code is of which a fault names the line. */
  readonly folders: readonly string[];
  readonly timeout: number;
  readonly load: () => Promise<unknown>;
}

async function imported({ specifier, folders, timeout, load }: Import): Promise<unknown> {
  const step = `importing "${specifier}"`;
  const restore = guardIntrinsics();
  let changed: readonly string[] = [];
  let module: unknown;
  try {
    module = await bounded(step, timeout, load).finally(() => {
      // Before anything else runs, which would stumble over it.
      changed = restore();
    });
  } catch (thrown) {
    const cause = readable(thrown);
    if (cause instanceof Overdue) throw new PluginFault('plugin-timeout', cause.message, { cause });
    const fault = uncompiled(cause);
    const message = fault
      ? `"${specifier}" cannot be compiled: ${fault}`
      : `${step} failed: ${failure(cause, folders)}`;
    throw new PluginFault('plugin-import', message, { cause });
  }
  if (changed.length === 0) return module;
  const what =
    changed.length > 3 ? `${changed.slice(0, 3).join(', ')} and ${changed.length - 3} more` : changed.join(', ');
  throw new PluginFault(
    'plugin-intrinsics',
    `${step} changed ${what}, which all code of the host shares; a plugin, and what it imports, must leave it as it is`,
  );
}

/** Namespaces of modules by the names that they are imported by. */
export type VirtualModules = Readonly<Record<string, Record<string, unknown>>>;

const typescript = /\.[cm]?ts$/;

function importOnce(url: string): Promise<unknown> {
  return typescript.test(url) ? compile(url) : import(url);
}

/**
 * Compiles what it imports, and takes off types without checking them. `tutti/plugin` is this very host's, so that a
 * plugin throws the `Problem` that the host knows, wherever the plugin lies.
 */
async function compile(url: string, modules: VirtualModules = {}): Promise<unknown> {
  const [{ createJiti }, api] = await Promise.all([import('jiti'), import('./index.js')]);
  const jiti = createJiti(url, {
    virtualModules: { 'tutti/plugin': api, ...modules },
    interopDefault: false,
    // Its folder may be one that others of this machine can write to.
    fsCache: false,
  });
  return jiti.import(url);
}

/** What is wrong, and where, in what the compiler says of a file; `undefined` for any other error. */
function uncompiled(error: unknown): string | undefined {
  const [, what, where] = /^ParseError: (.*?)\s*\n\s*(.+)/.exec(reasonOf(error)) ?? [];
  return what === undefined ? undefined : `${what} at ${where}`;
}

/** What a module has thrown, and where in the plugin's own code. */
function failure(error: unknown, folders: readonly string[]): string {
  const [reason = ''] = reasonOf(error).split('\n', 1);
  const place = placeIn(folders, error);
  return place === undefined ? asWritten(reason) : `${asWritten(reason)} (at ${place})`;
}

/** The compiler writes `(0, _plugin.name)` for a name that is imported, and no longer sees that nothing exports it. */
function asWritten(reason: string): string {
  return reason.replace(
    /(?:\(0 ?, _\w+\.(\w+)\)|\b_\w+\.(\w+)) is not a (function|constructor)/,
    (_, called: string | undefined, made: string | undefined, kind: string) =>
      `${called ?? made} is not a ${kind}: does what it is imported from export it?`,
  );
}
