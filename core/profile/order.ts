import type { Entry } from './entries.js';
import type { FaultCollector } from './faults.js';
import type { Wire } from './model.js';
import { pairOf } from './tree.js';

/** An entry with the names of all that must be there before it. */
export interface Linked {
  readonly entry: Entry;
  readonly wiring: Readonly<Record<string, Wire>>;
  readonly serves?: readonly string[];
}

/** The entries that a wire leads to. */
export function wiredTo(wire: Wire): readonly string[] {
  if (typeof wire === 'string') return [wire];
  return Array.isArray(wire) ? wire : [];
}

/**
 * Sorts entries so that each comes after all that it uses, and bindings after all vendors, whose authenticators stand at
 * every door; otherwise as in the file. Reports every cycle once.
 */
export function inDependencyOrder<L extends Linked>(links: readonly L[], faults: FaultCollector): readonly L[] {
  const byName = new Map([...links].reverse().map((link) => [link.entry.name, link]));
  const ordered = new Set<L>();
  const visit = (link: L, chain: readonly L[]): void => {
    if (ordered.has(link)) return;
    const start = chain.indexOf(link);
    if (start !== -1) {
      reportCycle(chain.slice(start), faults);
      return;
    }
    const needed = new Set(dependencies(link).map((name) => byName.get(name)));
    for (const next of links.filter((one) => needed.has(one))) visit(next, [...chain, link]);
    ordered.add(link);
  };
  const isBinding = ({ entry }: L): boolean => entry.slot === 'bindings';
  for (const link of links) if (!isBinding(link)) visit(link, []);
  for (const link of links) if (isBinding(link)) visit(link, []);
  return [...ordered];
}

function dependencies({ wiring, serves = [] }: Linked): readonly string[] {
  return [...Object.values(wiring).flatMap(wiredTo), ...serves];
}

/** Points at the `uses` that closes the cycle, or at the entry when it was wired by itself. */
function reportCycle(cycle: readonly Linked[], faults: FaultCollector): void {
  const [first, last] = [cycle[0], cycle.at(-1)];
  if (!first || !last) return;
  const chain = [...cycle, first].map(({ entry }) => entry.name).join(' -> ');
  const use = Object.entries(last.wiring).find(([, wire]) => wiredTo(wire).includes(first.entry.name))?.[0];
  const written = use === undefined ? undefined : pairOf(pairOf(last.entry.node, 'uses')?.value, use)?.value;
  const path = [...last.entry.path, ...(use === undefined ? [] : ['uses', use])];
  faults.add('cycle', written?.at ?? last.entry.key, path, `these entries use each other in a circle: ${chain}`);
}
