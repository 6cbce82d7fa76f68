import type { Definition } from '../plugin/definition.js';
import type { DefinitionRegistry } from '../plugin/registry.js';
import { demandOf } from '../plugin/use.js';
import type { Entry } from './entries.js';
import type { FaultCollector } from './faults.js';
import type { Isolation, Wire } from './model.js';
import { pairOf } from './tree.js';

type Wires = Readonly<Record<string, Wire>>;

/** What the file says of an entry's isolation, as its schema has read it. */
export type WrittenIsolation =
  | { readonly kind: 'none' | 'thread' | 'process'; readonly memory: number; readonly deadline: number }
  | undefined;

/**
 * Reports why an entry cannot be isolated, if it shall be and cannot.
 *
 * @param wires what its uses were wired to
 */
export function isolationOf(
  entry: Entry,
  written: WrittenIsolation,
  {
    wires,
    registry,
    faults,
  }: { readonly wires: Wires; readonly registry: DefinitionRegistry; readonly faults: FaultCollector },
): Isolation | undefined {
  if (written === undefined || written.kind === 'none' || entry.definition === undefined) return undefined;
  const { kind, memory, deadline } = written;
  const { type } = entry.definition;
  const origin = registry.originOf(type);
  const reason = hindrance(entry.definition, wires);
  if (origin && reason === undefined) return { kind, memory, deadline, origin };
  const at = pairOf(entry.node, 'isolation')?.value.at ?? entry.key;
  const message = `${type} cannot be isolated: ${reason ?? 'no module exports it that a thread or a process could import'}`;
  faults.add('not-isolatable', at, [...entry.path, 'isolation'], message, 'leave isolation out, or write none');
  return undefined;
}

/** Why a definition cannot be carried over to another thread or process. */
function hindrance({ kind, provides, uses, operations }: Definition, wires: Wires): string | undefined {
  if (kind === 'binding') return 'a binding hands calls to the host as they come';
  if (kind === 'vendor' && !operations) return 'its definition does not declare its operations';
  const notHere = provides.map(({ boundary }) => boundary?.providedHere).find((reason) => reason !== undefined);
  if (notHere !== undefined) return notHere;
  const provided = provides.find(({ boundary }) => boundary === undefined);
  if (provided) return `it provides "${provided.id}", ${closed}`;
  const used = Object.entries(uses)
    // What nobody provides need not cross over.
    .filter(([use]) => wires[use] !== undefined)
    .map(([, use]) => demandOf(use).ref)
    .find(({ boundary }) => boundary === undefined);
  return used && `it uses "${used.id}", ${closed}`;
}

const closed = 'which has no boundary: its calls only work within one thread';
