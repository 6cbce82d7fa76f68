import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Definition, z } from '../../core/plugin/index.js';
import { importBeside, loadPlugin } from '../../core/plugin/loader.js';
import { PluginFault } from '../../core/plugin/plugin-fault.js';
import type { Conformance } from '../../core/testing/index.js';
import { CommandFailure, invalid, reasonOf } from '../failure.js';

/** `tutti/testing`, which is loaded only where something is tried. */
type Testing = typeof import('../../core/testing/index.js');

const names = ['conformance.ts', 'conformance.mts', 'conformance.js', 'conformance.mjs'];
const example = "export default conformance({ definition, config, uses }), with conformance of 'tutti/testing'";

/** Milliseconds. A busy machine is slow, not wrong: this only ends an import that waits for what never comes. */
const importLimit = 120_000;

/**
 * What there is to try at a path: a module of conformance, or a folder that has one (`conformance.ts`, or what
 * `"tutti": { "conformance": ... }` of its package.json names). Without one: what the plugin there defines, with no config.
 *
 * @param timeout milliseconds that importing it may take
 * @throws CommandFailure
 */
export async function loadConformances(path: string, timeout: number = importLimit): Promise<readonly Conformance[]> {
  const testing = await import('../../core/testing/index.js');
  const absolute = resolve(path);
  const found = await stat(absolute).catch((cause: unknown) => {
    throw invalid(`there is nothing at ${path}`, 'name the folder of a plugin, or its conformance.ts', { cause });
  });
  try {
    const module = found.isDirectory() ? await moduleIn(absolute, path) : absolute;
    if (module === undefined)
      return withoutModule(
        testing,
        path,
        (await loadPlugin(absolute, { from: join(absolute, 'x'), timeout })).definitions,
      );
    return await fromModule(testing, module, path, timeout);
  } catch (error) {
    if (error instanceof PluginFault) throw invalid(error.message, undefined, { cause: error });
    throw error;
  }
}

const packageFile = z.looseObject({ tutti: z.looseObject({ conformance: z.string().min(1).optional() }).optional() });

/** The module of a folder, if it has one. */
async function moduleIn(folder: string, path: string): Promise<string | undefined> {
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw invalid(`the package.json of ${path} cannot be read: ${reasonOf(error)}`, undefined, { cause: error });
  });
  const named = parsePackage(text, path).tutti?.conformance;
  for (const name of named === undefined ? names : [named]) {
    const file = resolve(folder, name);
    const there = await stat(file).then(
      (found) => found.isFile(),
      () => false,
    );
    if (there) return file;
  }
  if (named === undefined) return undefined;
  throw invalid(
    `the package.json of ${path} names ${named} as its conformance, which is not there`,
    'correct "tutti": { "conformance": ... }, or write that file',
  );
}

function parsePackage(text: string, path: string): z.output<typeof packageFile> {
  try {
    return packageFile.parse(JSON.parse(text));
  } catch (cause) {
    throw invalid(`the package.json of ${path} is not well-formed: ${reasonOf(cause)}`, undefined, { cause });
  }
}

async function fromModule(
  testing: Testing,
  file: string,
  path: string,
  timeout: number,
): Promise<readonly Conformance[]> {
  const module = await importBeside(file, { 'tutti/testing': testing }, timeout);
  const exported = typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
  const all: readonly unknown[] = Array.isArray(exported) ? exported : [exported];
  if (all.length > 0 && all.every(isConformance)) return all;
  if (all.length > 0 && all.every((one) => isDefinition(one) || hasDefinitions(one))) {
    return withoutModule(testing, path, (await loadPlugin(file, { from: file, timeout })).definitions);
  }
  throw invalid(`the default export of ${file} is not what conformance() made, or a list of these`, example);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isConformance = (value: unknown): value is Conformance => isObject(value) && 'suites' in value && 'type' in value;
const isDefinition = (value: unknown): boolean => isObject(value) && 'create' in value && 'config' in value;
const hasDefinitions = (value: unknown): boolean => isObject(value) && 'definitions' in value;

/** What can be tried of definitions of which nothing else is known. */
function withoutModule(testing: Testing, path: string, definitions: readonly Definition[]): readonly Conformance[] {
  for (const { type, config, uses } of definitions) {
    const needed = Object.entries(uses).find(([, use]) => 'id' in use)?.[0];
    const reason = !config.safeParse({}).success
      ? 'cannot be made without a config'
      : needed === undefined
        ? undefined
        : `uses ${needed}`;
    if (reason !== undefined) {
      throw invalid(
        `${path} does not say how to try it: ${type} ${reason}`,
        `write conformance.ts beside it: ${example}`,
      );
    }
  }
  return definitions.map((definition) => testing.conformance({ definition }));
}

/** What a person is told who asked for what cannot be tried. */
export function refusal(error: unknown): { readonly message: string; readonly advice?: string } {
  if (!(error instanceof CommandFailure)) return { message: reasonOf(error) };
  return { message: error.message, ...(error.advice !== undefined && { advice: error.advice }) };
}
