import type { Definition } from '../plugin/definition.js';
import { loadPlugin } from '../plugin/loader.js';
import type { Origin } from '../plugin/origin.js';
import { verifyPin } from '../plugin/pin.js';
import type { LazyPlugin } from '../plugin/registry.js';
import type { Assignment } from './assignment.js';

type Of<K extends Origin['kind']> = Extract<Origin, { kind: K }>;

/**
 * The definition of an assignment, imported once more.
 *
 * @throws PluginFault; Error when the type is not there any more
 */
export function definitionOf({ origin, type }: Pick<Assignment, 'origin' | 'type'>): Promise<Definition> {
  return origin.kind === 'announced' ? announced(origin, type) : loaded(origin, type);
}

async function announced({ module }: Of<'announced'>, type: string): Promise<Definition> {
  // The host has the same list, from the same module of the program that both are part of.
  const { default: plugin } = (await import(module)) as { readonly default: LazyPlugin };
  const load = plugin.definitions[type];
  if (!load) throw new Error(`${plugin.name} does not define ${type} any more`);
  return load();
}

async function loaded({ source }: Of<'loaded'>, type: string): Promise<Definition> {
  // It is read from the files of now, which may be others than when the host read them.
  if (source.integrity) await verifyPin(source, source.integrity);
  const plugin = await loadPlugin(source.specifier, { from: source.from });
  if (source.integrity) await verifyPin(source, source.integrity);
  const definition = plugin.definitions.find((one) => one.type === type);
  if (!definition) throw new Error(`${source.specifier} does not define ${type} any more`);
  return definition;
}
