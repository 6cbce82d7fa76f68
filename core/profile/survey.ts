import { check } from './check.js';
import { ProfileError } from './faults.js';
import type { NamedEntry } from './json-schema.js';
import type { LoadProfileOptions } from './load.js';
import { slotNames } from './model.js';
import { parse } from './parse.js';
import { type LoadedPlugins, loadPlugins } from './plugins.js';
import { profileShape } from './schema.js';
import { readSource } from './source.js';
import { type MapNode, pairOf, pairsOf, textOf } from './tree.js';

/** What a profile, however faulty, says of its plugins and entries. */
export interface Survey extends Omit<LoadedPlugins, 'failed'> {
  /** Entries of types that may be known, in the order of the file. */
  readonly entries: readonly NamedEntry[];
  /** What keeps plugins from being known; nothing of the rest of the file. */
  readonly error?: ProfileError;
}

/**
 * Loads the plugins that a profile names, as {@link loadProfile} does, and leaves the rest of it unchecked: for editors,
 * which need to know most while the file is not right yet, and for who looks at plugins alone.
 *
 * @throws {@link ProfileError} when the file cannot be read at all
 */
export async function surveyProfile(
  file: string,
  { env, registry, hostVersion, readFile }: Omit<LoadProfileOptions, 'hostRefs'>,
): Promise<Survey> {
  const { root, faults } = parse(file, await readSource(file, readFile), env);
  if (root?.kind !== 'map') {
    if (root) await check(profileShape, { node: root, path: [], key: root.at }, faults);
    return { registry, plugins: [], entries: [], error: faults.error() };
  }
  const pair = pairOf(root, 'plugins');
  if (pair) await check(profileShape.shape.plugins, { node: pair.value, path: ['plugins'], key: pair.keyAt }, faults);
  const loaded = await loadPlugins(root, { registry, hostVersion, file, faults });
  const own = faults.error().faults.filter(({ path }) => /^plugins\b/.test(path));
  return {
    registry: loaded.registry,
    plugins: loaded.plugins,
    entries: entriesOf(root),
    ...(own.length > 0 && { error: new ProfileError(file, own) }),
  };
}

function entriesOf(root: MapNode): Survey['entries'] {
  return slotNames
    .flatMap((slot) => pairsOf(pairOf(root, slot)?.value))
    .flatMap(({ key: name, value }) => {
      const type = textOf(pairOf(value, 'type')?.value);
      return type === undefined ? [] : [{ name, type }];
    });
}
