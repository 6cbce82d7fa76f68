import { type TargetFacts, z } from '../../../core/plugin/index.js';
import type { KubernetesObject } from './kubernetes.js';
import { amountOf } from './quantity.js';

const node = z.object({
  spec: z.object({ unschedulable: z.boolean().default(false) }).prefault({}),
  status: z.object({
    allocatable: z.record(z.string(), z.string()).default({}),
    nodeInfo: z.object({
      architecture: z.string().default(''),
      containerRuntimeVersion: z.string().default(''),
      kubeletVersion: z.string().default(''),
    }),
  }),
});

export interface NodeFacts {
  readonly facts: TargetFacts;
  /** Such as `containerd://1.6.20` and `v1.20.2`, each once; for a person. */
  readonly runtimes: readonly string[];
  readonly versions: readonly string[];
}

/**
 * What the nodes offer to workloads. One component's pods need not fit on one node, but each pod must: so there is an entry
 * of cores for each node, while memory and storage are those of the node that has most.
 */
export function nodeFacts(nodes: readonly KubernetesObject[]): NodeFacts {
  const known = nodes.map((each) => node.parse(each)).filter(({ spec }) => !spec.unschedulable);
  const most = (resource: string): string => {
    const amounts = known.map(({ status }) => amountOf(status.allocatable[resource] ?? '0') ?? 0);
    return `${Math.floor(Math.max(0, ...amounts) / 1024)}Ki`;
  };
  return {
    facts: {
      cpus: known.map(({ status }) => ({
        cores: amountOf(status.allocatable['cpu'] ?? '0') ?? 0,
        ...(status.nodeInfo.architecture !== '' && { architecture: status.nodeInfo.architecture }),
      })),
      memory: most('memory'),
      storage: most('ephemeral-storage'),
    },
    runtimes: [...new Set(known.map(({ status }) => status.nodeInfo.containerRuntimeVersion))].filter(
      (each) => each !== '',
    ),
    versions: [...new Set(known.map(({ status }) => status.nodeInfo.kubeletVersion))].filter((each) => each !== ''),
  };
}
