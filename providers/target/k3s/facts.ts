import { type TargetFacts, type TargetRuntime, z } from '../../../core/plugin/index.js';
import type { KubernetesObject } from './kubernetes.js';
import { amountOf } from './quantity.js';

const node = z.object({
  spec: z.object({ unschedulable: z.boolean().default(false) }).prefault({}),
  status: z.object({
    allocatable: z.record(z.string(), z.string()).default({}),
    nodeInfo: z.object({
      architecture: z.string().default(''),
      containerRuntimeVersion: z.string().default(''),
    }),
  }),
});

/**
 * What the nodes offer to workloads. One component's pods need not fit on one node, but each pod must: so there is an entry
 * of cores for each node, while memory and storage are those of the node that has most.
 */
export function nodeFacts(nodes: readonly KubernetesObject[]): TargetFacts {
  const known = nodes.map((each) => node.parse(each)).filter(({ spec }) => !spec.unschedulable);
  const most = (resource: string): string => {
    const amounts = known.map(({ status }) => amountOf(status.allocatable[resource] ?? '0') ?? 0);
    return `${Math.floor(Math.max(0, ...amounts) / 1024)}Ki`;
  };
  const runtime = commonRuntime(known.map(({ status }) => status.nodeInfo.containerRuntimeVersion));
  return {
    cpus: known.map(({ status }) => ({
      cores: amountOf(status.allocatable['cpu'] ?? '0') ?? 0,
      ...(status.nodeInfo.architecture !== '' && { architecture: status.nodeInfo.architecture }),
    })),
    memory: most('memory'),
    storage: most('ephemeral-storage'),
    ...(runtime && { runtime }),
  };
}

/** Of texts such as `containerd://1.6.20`: what all nodes have. Where they differ none of them is the device's. */
function commonRuntime([first = '', ...others]: readonly string[]): TargetRuntime | undefined {
  const [name = '', version = ''] = first.split('://');
  return version !== '' && others.every((other) => other === first) ? { name, version } : undefined;
}
