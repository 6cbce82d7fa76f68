import type { Definition } from '../plugin/definition.js';
import type { DefinitionRegistry } from '../plugin/registry.js';
import { demandOf } from '../plugin/use.js';
import type { Entry } from './entries.js';
import type { FaultCollector } from './faults.js';
import type { Isolation } from './model.js';
import { pairOf } from './tree.js';

/** What the file says of an entry's isolation, as its schema has read it. */
export type WrittenIsolation =
  | { readonly kind: 'none' | 'thread' | 'process'; readonly memory: number; readonly deadline: number }
  | undefined;

/** Reports why an entry cannot be isolated, if it shall be and cannot. */
export function isolationOf(
  entry: Entry,
  written: WrittenIsolation,
  registry: DefinitionRegistry,
  faults: FaultCollector,
): Isolation | undefined {
  if (written === undefined || written.kind === 'none' || entry.definition === undefined) return undefined;
  const { kind, memory, deadline } = written;
  const source = registry.sourceOf(entry.definition.type);
  const reason = source ? hindrance(entry.definition) : 'it is built in: isolation is for plugins';
  if (source && reason === undefined) return { kind, memory, deadline, source };
  const at = pairOf(entry.node, 'isolation')?.value.at ?? entry.key;
  const message = `${entry.definition.type} cannot be isolated: ${reason}`;
  faults.add('not-isolatable', at, [...entry.path, 'isolation'], message, 'leave isolation out, or write none');
  return undefined;
}

/** Why a definition cannot be carried over to another thread or process. */
function hindrance({ kind, provides, uses, operations }: Definition): string | undefined {
  if (kind === 'binding') return 'a binding hands calls to the host as they come';
  if (kind === 'vendor' && !operations) return 'its definition does not declare its operations';
  const notHere = provides.map(({ boundary }) => boundary?.providedHere).find((reason) => reason !== undefined);
  if (notHere !== undefined) return notHere;
  const refs = [...provides, ...Object.values(uses).map((use) => demandOf(use).ref)];
  const closed = refs.find(({ boundary }) => boundary === undefined);
  return closed && `"${closed.id}" has no boundary: its calls only work within one thread`;
}
