import type { Definition, DefinitionKind } from '../plugin/definition.js';
import type { DefinitionRegistry } from '../plugin/registry.js';
import { check } from './check.js';
import type { FaultCollector } from './faults.js';
import { type Slot, slotNames, slotOf, slots } from './model.js';
import { isNothing, type MapNode, type Node, type Path, pairOf, pairsOf, plainOf, type Span, textOf } from './tree.js';

/** An entry as the file has it, with whatever could be made of it. */
export interface Entry {
  readonly slot: Slot;
  readonly name: string;
  readonly key: Span;
  readonly path: Path;
  readonly node: Node;
  /** As written; `undefined` when it is missing or no string. */
  readonly type: string | undefined;
  /** `undefined` when the type is unknown, which has been reported. */
  readonly definition: Definition | undefined;
}

/** All entries in the order of the file, whatever is wrong with them. */
export function readEntries(
  root: MapNode,
  registry: DefinitionRegistry,
  pluginsMissing: boolean,
  faults: FaultCollector,
): readonly Entry[] {
  const entries = pairsOf(root)
    .filter(({ key }) => (slotNames as readonly string[]).includes(key))
    .flatMap(({ key: slot, value }) =>
      pairsOf(value).map(({ key: name, keyAt: key, value: node }): Entry => {
        const type = textOf(pairOf(node, 'type')?.value);
        const definition = type === undefined ? undefined : registry.get(type);
        return { slot: slot as Slot, name, key, path: [slot, name], node, type, definition };
      }),
    );
  reportDuplicateNames(entries, faults);
  for (const entry of entries) checkType(entry, registry, pluginsMissing, faults);
  if (entries.length === 0 && slotNames.every((slot) => isEmptySlot(root, slot))) {
    const at = pairOf(root, 'profile')?.keyAt ?? root.at;
    faults.add(
      'nothing-to-do',
      at,
      [],
      'this profile has nothing to do: it has no providers, managers, vendors or bindings',
    );
  }
  return entries;
}

function isEmptySlot(root: MapNode, slot: Slot): boolean {
  const node = pairOf(root, slot)?.value;
  return node === undefined || isNothing(node) || node.kind === 'map';
}

function reportDuplicateNames(entries: readonly Entry[], faults: FaultCollector): void {
  const first = new Map<string, Entry>();
  for (const entry of entries) {
    const { name, key, path, slot } = entry;
    const other = first.get(name);
    if (other) {
      const where = `line ${faults.line(other.key.start)}, under ${other.slot}`;
      const message = `"${name}" is already the name of another entry (${where}); names are unique in the whole file`;
      faults.add('duplicate-name', key, path, message, `for example "${name}-${slots[slot]}"`);
    } else first.set(name, entry);
  }
}

function checkType(entry: Entry, registry: DefinitionRegistry, pluginsMissing: boolean, faults: FaultCollector): void {
  const { slot, node, type, definition } = entry;
  const at = pairOf(node, 'type')?.value;
  if (at === undefined || type === undefined) return;
  const kind: DefinitionKind = slots[slot];
  const path = [...entry.path, 'type'];
  if (definition === undefined) {
    const near = registry.suggest(type, kind);
    const hint =
      near !== undefined
        ? `did you mean "${near}"?`
        : pluginsMissing
          ? 'a plugin that could not be loaded may define it'
          : `known here: ${
              registry
                .list({ kind })
                .map((one) => one.type)
                .join(', ') || 'none'
            }`;
    faults.add('unknown-type', at.at, path, `unknown type: ${faults.describe(at)}`, hint);
  } else if (definition.kind !== kind) {
    const message = `${faults.describe(at)} is a ${definition.kind}; it belongs under ${slotOf(definition.kind)}:`;
    faults.add('wrong-kind', at.at, path, message);
  }
}

/** An entry's config as the file has it. */
export function writtenConfig({ node }: Entry): unknown {
  const config = pairOf(node, 'config')?.value;
  return config && !isNothing(config) ? plainOf(config) : undefined;
}

/** Checks an entry's config by its definition's schema. Without a definition all of it is kept out of sight. */
export async function checkConfig(entry: Entry, faults: FaultCollector, limit?: number): Promise<unknown> {
  const pair = pairOf(entry.node, 'config');
  if (entry.definition === undefined) {
    if (pair) faults.hide(pair.value);
    return undefined;
  }
  const node = pair && !isNothing(pair.value) ? pair.value : undefined;
  const subject = { node, path: [...entry.path, 'config'], key: pair?.keyAt ?? entry.key };
  return await check(entry.definition.config, subject, faults, limit);
}
