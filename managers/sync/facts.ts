import type { TargetCapabilities, TargetRuntime } from '../../core/ports/index.js';
import type { CapabilitiesToReport } from '../margo/index.js';

/** Labels of a device, by which packages may choose it: Margo's properties have no room for programs and versions. */
const runtimeName = 'dev.tutti.container-runtime';
const runtimeVersion = 'dev.tutti.container-runtime-version';

/**
 * What several targets on one device come to: every type and runtime that any of them has. Cores and bytes are those of
 * the first, since all of them share one machine.
 */
export function combinedFacts(
  targets: Iterable<TargetCapabilities>,
): Pick<
  CapabilitiesToReport,
  | 'cpus'
  | 'memory'
  | 'storage'
  | 'runtimes'
  | 'deploymentTypes'
  | 'otelCollector'
  | 'interfaces'
  | 'peripherals'
  | 'labels'
> {
  const all = [...targets];
  const [first] = all;
  return {
    cpus: first?.facts.cpus ?? [],
    memory: first?.facts.memory ?? '0Mi',
    storage: first?.facts.storage ?? '0Mi',
    runtimes: [...new Set(all.flatMap(({ runtimes }) => runtimes))],
    deploymentTypes: [
      ...new Set(all.flatMap(({ components }) => components.map(({ deploymentType }) => deploymentType))),
    ],
    interfaces: [],
    peripherals: [],
    otelCollector: true,
    labels: runtimeLabels(all.flatMap(({ facts }) => facts.runtime ?? [])),
  };
}

/** One runtime as text, several as lists of the same order; none says nothing. */
function runtimeLabels(found: readonly TargetRuntime[]): Readonly<Record<string, string | readonly string[]>> {
  const distinct = [...new Map(found.map((each) => [`${each.name} ${each.version}`, each])).values()];
  const [only] = distinct;
  if (only === undefined) return {};
  if (distinct.length === 1) return { [runtimeName]: only.name, [runtimeVersion]: only.version };
  return {
    [runtimeName]: distinct.map(({ name }) => name),
    [runtimeVersion]: distinct.map(({ version }) => version),
  };
}
