import { dirname, resolve } from 'node:path';
import type { Plugin } from '../plugin/definition.js';
import type { Integrity } from '../plugin/integrity.js';
import { loadPlugin } from '../plugin/loader.js';
import { type PluginSource, verifyPin } from '../plugin/pin.js';
import { PluginFault } from '../plugin/plugin-fault.js';
import { type DefinitionRegistry, RegistrationError, DefinitionRegistry as Registry } from '../plugin/registry.js';
import type { FaultCollector } from './faults.js';
import { pluginItem } from './schema.js';
import { itemsOf, locate, type MapNode, type Node, type Path, pairOf, plainOf, scalarsOf, textOf } from './tree.js';

export interface LoadPluginsOptions {
  /** The file that names them. */
  readonly file: string;
  /** What is known without plugins; it is not changed. */
  readonly registry: DefinitionRegistry;
  readonly hostVersion: string;
  readonly faults: FaultCollector;
  readonly loadPlugin?: typeof loadPlugin | undefined;
}

/** A plugin that the file names, loaded. */
export interface LoadedPlugin extends PluginSource {
  readonly plugin: Plugin;
  /** What its files were found to be, where the file pins it. */
  readonly integrity?: Integrity;
}

export interface LoadedPlugins {
  /** A copy of the registry with their definitions. */
  readonly registry: DefinitionRegistry;
  readonly plugins: readonly LoadedPlugin[];
  /** Whether one of them is missing, which has been reported. */
  readonly failed: boolean;
}

/** One that the file names, as it names it. */
interface Named extends PluginSource {
  readonly integrity: Integrity | undefined;
  readonly node: Node;
  readonly path: Path;
}

/**
 * Imports what a file lists under `plugins`, and nothing else. All pins are looked at before anything is imported, since
 * what is imported may do anything, and once more afterwards.
 */
export async function loadPlugins(root: MapNode, options: LoadPluginsOptions): Promise<LoadedPlugins> {
  const { file, hostVersion, loadPlugin: load = loadPlugin } = options;
  const registry = new Registry(options.registry);
  const items = itemsOf(pairOf(root, 'plugins')?.value);
  const named = items.flatMap((node, index) => namedBy(node, index, file));
  const trusted: Named[] = [];
  for (const each of named) if (await succeeds(each, items, options, () => verified(each))) trusted.push(each);
  const plugins: LoadedPlugin[] = [];
  for (const each of trusted) {
    const { specifier, from, integrity } = each;
    await succeeds(each, items, options, async () => {
      const plugin = await load(specifier, { from });
      await verified(each);
      registry.add(plugin, hostVersion, { specifier, from: resolve(from), integrity });
      plugins.push({ specifier, from, plugin, ...(integrity && { integrity }) });
    });
  }
  return { registry, plugins, failed: plugins.length < items.length };
}

/** Nothing for an item that the check of the file's shape reports: a pin that cannot be read is not passed over. */
function namedBy(node: Node, index: number, from: string): Named[] {
  const item = pluginItem.safeParse(plainOf(node)).data;
  if (item === undefined) return [];
  const integrity = 'integrity' in item ? item.integrity : undefined;
  return [{ specifier: item.from, from, integrity, node, path: ['plugins', index] }];
}

async function verified(named: Named): Promise<void> {
  if (named.integrity) await verifyPin(named, named.integrity);
}

/** Does a step with a plugin; reports why it failed, if it did. */
async function succeeds(
  { specifier, from, node, path }: Named,
  items: readonly Node[],
  { faults }: LoadPluginsOptions,
  step: () => Promise<void>,
): Promise<boolean> {
  try {
    await step();
    return true;
  } catch (error) {
    const violations =
      error instanceof RegistrationError ? error.violations : error instanceof PluginFault ? [error] : undefined;
    if (violations === undefined) throw error;
    for (const { code, message } of violations) {
      const shown = (text: string): string => presentable(text, items, from, faults);
      const pin = `if you trust it as it is now, take what this prints: tutti plugin pin ${specifier} --from ${from}`;
      const [key, hint] = code === 'plugin-integrity' ? (['integrity', shown(pin)] as const) : (['from'] as const);
      const place = node.kind === 'map' ? [key] : [];
      faults.add(code, locate(node, place).node.at, [...path, ...place], shown(message), hint);
    }
    return false;
  }
}

/** A loader's words without what came from the environment: as it stands there, and as the path that it leads to. */
function presentable(message: string, items: readonly Node[], file: string, faults: FaultCollector): string {
  let shown = message;
  for (const scalar of items.flatMap(scalarsOf)) {
    const specifier = textOf(scalar);
    if (!specifier || scalar.variables.length === 0) continue;
    shown = faults.redact(shown.replaceAll(resolve(dirname(file), specifier), '***'), scalar);
  }
  return shown;
}
