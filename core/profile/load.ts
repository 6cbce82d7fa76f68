import { resolve } from 'node:path';
import type { loadPlugin } from '../plugin/loader.js';
import type { DefinitionRegistry } from '../plugin/registry.js';
import type { Ref } from '../ports/port.js';
import { check } from './check.js';
import { checkConfig, type Entry, readEntries, writtenConfig } from './entries.js';
import { isolationOf } from './isolation.js';
import { type ResolvedEntry, type ResolvedProfile, slotNames } from './model.js';
import { inDependencyOrder } from './order.js';
import { parse } from './parse.js';
import { loadPlugins } from './plugins.js';
import { profileShape } from './schema.js';
import { type ReadSource, readSource } from './source.js';
import type { Environment } from './substitute.js';
import { type MapNode, pairOf, pairsOf, textOf } from './tree.js';
import { Wiring } from './wire.js';

export interface LoadProfileOptions {
  readonly env: Environment;
  /** What is known without plugins; it is not changed. */
  readonly registry: DefinitionRegistry;
  readonly hostVersion: string;
  /** What the host itself provides: an entry uses it without naming an entry. */
  readonly hostRefs: readonly Ref<unknown>[];
  /** For plugins that are being written; each module is imported once in a process unless told. */
  readonly loadPlugin?: typeof loadPlugin;
  /** Milliseconds that the schema of one entry's config may take; 10,000 unless told. */
  readonly checkLimit?: number;
  /** For tests; UTF-8 from the file system unless told. */
  readonly readFile?: ReadSource;
}

/**
 * Reads a profile, loads the plugins that it names, and checks all of it before anything is made of it.
 *
 * @throws {@link ProfileError} with every fault of the file
 */
export async function loadProfile(file: string, options: LoadProfileOptions): Promise<ResolvedProfile> {
  const { root, faults } = parse(file, await readSource(file, options.readFile), options.env);
  if (root === undefined) throw faults.error();
  const firstKey = root.kind === 'map' ? root.pairs[0]?.keyAt : undefined;
  const start = { start: root.at.start, end: root.at.start };
  const shape = await check(profileShape, { node: root, path: [], key: firstKey ?? start }, faults);
  if (root.kind !== 'map') throw faults.error();
  const { registry, failed } = await loadPlugins(root, { ...options, file, faults });
  await registry.load(options.hostVersion, namedTypes(root));
  const entries = readEntries(root, registry, failed, faults);
  const wiring = new Wiring(entries, { registry, hostRefs: options.hostRefs, faults });
  const linked = [];
  for (const entry of entries) {
    const wires = wiring.of(entry);
    const isolation = isolationOf(entry, shape?.[entry.slot]?.[entry.name]?.isolation, { wires, registry, faults });
    linked.push({
      entry,
      ...(isolation && { isolation }),
      config: await checkConfig(entry, faults, options.checkLimit),
      written: writtenConfig(entry),
      wiring: wires,
      ...(entry.slot === 'bindings' && { serves: wiring.served(entry) }),
    });
  }
  const replies = wiring.replies(root);
  const ordered = inDependencyOrder(linked, faults);
  if (shape === undefined || !faults.empty) throw faults.error();
  return {
    name: shape.profile,
    dataDir: resolve(shape.data ?? `./data/${shape.profile}`),
    host: { ...shape.host, replies },
    entries: ordered.flatMap(({ entry, ...rest }) => resolved(entry, rest)),
  };
}

/** The types that the file names, wherever that makes sense or not. */
function namedTypes(root: MapNode): string[] {
  const entries = slotNames.flatMap((slot) => pairsOf(pairOf(root, slot)?.value));
  return entries.flatMap(({ value }) => textOf(pairOf(value, 'type')?.value) ?? []);
}

function resolved(
  { slot, name, node, definition }: Entry,
  rest: Pick<ResolvedEntry, 'config' | 'written' | 'wiring' | 'serves' | 'isolation'>,
): ResolvedEntry[] {
  // Only faults leave an entry without a definition, and with faults nothing is resolved.
  if (definition === undefined) return [];
  const path = slot === 'vendors' ? { path: textOf(pairOf(node, 'path')?.value) ?? '' } : {};
  return [{ slot, name, definition, ...rest, ...path }];
}
