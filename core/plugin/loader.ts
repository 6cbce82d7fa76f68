import { readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { resolve as resolveModule } from 'import-meta-resolve';
import { z } from 'zod';
import { bounded, defaultLimit, Overdue } from './bounded.js';
import { type Definition, definePlugin, type Plugin } from './definition.js';
import { guardIntrinsics } from './intrinsics.js';
import { readable, reasonOf } from './thrown.js';

export type PluginFaultCode =
  | 'plugin-not-found'
  | 'plugin-import'
  | 'plugin-timeout'
  | 'plugin-export'
  | 'plugin-intrinsics'
  | 'plugin-integrity'
  | 'plugin-unpinnable';

/** A plugin could not be loaded. The code is stable, the message is for a person. */
export class PluginFault extends Error {
  override readonly name = 'PluginFault';
  constructor(
    readonly code: PluginFaultCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

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
  const url = isPath(specifier)
    ? await locatePath(specifier, resolve(dirname(options.from), specifier))
    : locatePackage(specifier, options.from);
  const load = options.importModule ?? importOnce;
  const module = await importWithin(specifier, () => load(url), options.timeout ?? defaultLimit);
  return asPlugin(specifier, module);
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
  return importWithin(file, () => compile(pathToFileURL(file).href, modules), timeout);
}

/** Whether it names a file or a folder, not a package. */
export function isPath(specifier: string): boolean {
  return /^\.{1,2}([/\\]|$)/.test(specifier) || isAbsolute(specifier);
}

async function locatePath(specifier: string, path: string): Promise<string> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new PluginFault('plugin-not-found', `there is no plugin at "${specifier}" (looked at ${path})`, { cause });
  });
  return found.isDirectory() ? locateFolder(specifier, path) : pathToFileURL(path).href;
}

const packageFile = z.object({
  name: z.string().optional(),
  main: z.string().optional(),
  exports: z.unknown().optional(),
});

/** A folder is imported as the package that it holds, by the entry that its package.json names. */
async function locateFolder(specifier: string, folder: string): Promise<string> {
  const file = join(folder, 'package.json');
  try {
    const { name, main, exports } = packageFile.parse(JSON.parse(await readFile(file, 'utf8')));
    return name !== undefined && exports !== undefined
      ? resolveModule(name, pathToFileURL(file).href)
      : pathToFileURL(join(folder, main ?? 'index.js')).href;
  } catch (cause) {
    throw new PluginFault(
      'plugin-not-found',
      `"${specifier}" is a folder whose package.json names no module to import: ${firstLine(cause)}`,
      { cause },
    );
  }
}

/** The URL of the module that a package's name stands for, looked for from a file. */
export function locatePackage(specifier: string, from: string): string {
  try {
    return resolveModule(specifier, pathToFileURL(resolve(from)).href);
  } catch (cause) {
    throw new PluginFault(
      'plugin-not-found',
      `there is no package "${specifier}" to be found from ${dirname(resolve(from))}; a path starts with "./"`,
      { cause },
    );
  }
}

async function importWithin(specifier: string, load: () => Promise<unknown>, timeout: number): Promise<unknown> {
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
    const message = fault ? `"${specifier}" cannot be compiled: ${fault}` : `${step} failed: ${firstLine(cause)}`;
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

const definitionForm = z.looseObject({
  kind: z.enum(['provider', 'manager', 'vendor', 'binding']),
  type: z.string(),
  version: z.string(),
  summary: z.string(),
  host: z.string(),
  config: z.custom(isSchema, 'expected a zod schema'),
  provides: z.array(z.looseObject({ id: z.string() })),
  uses: z.record(z.string(), z.looseObject({})),
  create: z.custom((value) => typeof value === 'function', 'expected a function'),
});
const pluginForm = z.looseObject({ name: z.string().min(1), definitions: z.array(definitionForm) });

/** By shape, not by class: the plugin may have brought its own copy of zod. */
function isSchema(value: unknown): boolean {
  return typeof value === 'object' && value !== null && '_zod' in value && 'safeParseAsync' in value;
}

const expected = 'a plugin exports by default what defineProvider, defineManager, ... or definePlugin made';

function asPlugin(specifier: string, module: unknown): Plugin {
  try {
    return checkedPlugin(specifier, module);
  } catch (thrown) {
    const cause = readable(thrown);
    if (cause instanceof PluginFault) throw cause;
    // A getter, or a proxy, that throws when it is looked at.
    const message = `"${specifier}" is not a plugin: its default export cannot be read: ${firstLine(cause)}; ${expected}`;
    throw new PluginFault('plugin-export', message, { cause });
  }
}

function checkedPlugin(specifier: string, module: unknown): Plugin {
  const exported = typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
  if (typeof exported !== 'object' || exported === null) {
    const found = exported === undefined ? 'it has no default export' : `its default export is a ${typeof exported}`;
    throw new PluginFault('plugin-export', `"${specifier}" is not a plugin: ${found}; ${expected}, or a list of these`);
  }
  const [form, value, plugin] =
    'definitions' in exported
      ? [pluginForm, exported, exported as Plugin]
      : Array.isArray(exported)
        ? [z.array(definitionForm).min(1), exported, definePlugin(specifier, exported as Definition[])]
        : [definitionForm, exported, definePlugin(specifier, [exported as Definition])];
  const [issue] = form.safeParse(value).error?.issues ?? [];
  if (issue === undefined) return plugin;
  const at = issue.path.length > 0 ? `${z.core.toDotPath(issue.path)}: ` : '';
  throw new PluginFault('plugin-export', `"${specifier}" is not a plugin: ${at}${issue.message}; ${expected}`);
}

function firstLine(thrown: unknown): string {
  return reasonOf(thrown).split('\n', 1)[0] ?? '';
}
