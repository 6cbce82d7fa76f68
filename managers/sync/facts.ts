import type { TargetCapabilities } from '../../core/ports/index.js';
import type { CapabilitiesToReport } from '../margo/index.js';

/**
 * What several targets on one device come to: every type and runtime that any of them has. Cores and bytes are those of
 * the first, since all of them share one machine.
 */
export function combinedFacts(
  targets: Iterable<TargetCapabilities>,
): Pick<
  CapabilitiesToReport,
  'cpus' | 'memory' | 'storage' | 'runtimes' | 'deploymentTypes' | 'otelCollector' | 'interfaces' | 'peripherals'
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
  };
}
