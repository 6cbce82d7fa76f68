import { TargetFault, z } from '../../../../core/plugin/index.js';
import { hasStatus } from '../api-fault.js';
import type { Cluster } from '../cluster.js';
import type { KubernetesObject } from '../kubernetes.js';
import type { Surroundings } from './choice.js';
import { helmChartKind } from './controller-chart.js';

/** What the cluster has for Helm. */
export async function clusterSurroundings(cluster: Cluster, signal: AbortSignal): Promise<Surroundings['cluster']> {
  if (!(await cluster.has(helmChartKind, signal))) return { helmCharts: false, controller: false };
  const charts = await allowed(() => cluster.list('/apis/helm.cattle.io/v1/helmcharts', { signal }));
  // Whoever may not see HelmCharts cannot have any made.
  if (charts === undefined) return { helmCharts: true, controller: false };
  const nodes = await allowed(() => cluster.list('/api/v1/nodes', { signal }));
  // Nodes are the cluster's: whoever may not see them has only the charts to go by.
  return { helmCharts: true, controller: isActedOn(charts.items, nodes?.items ?? []) };
}

const chartModel = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).default({}) }),
  status: z.object({ jobName: z.string().default('') }).default({ jobName: '' }),
});
const nodeModel = z.object({ status: z.object({ nodeInfo: z.object({ kubeletVersion: z.string() }) }) });

/**
 * Whether something acts on HelmCharts. The controller of k3s is a part of its server and no object of the cluster, so it
 * is known by its deeds: charts that it has claimed or made a job for. Without any chart it is believed to be in every k3s
 * and RKE2, which tell themselves by the version of their nodes.
 */
export function isActedOn(charts: readonly KubernetesObject[], nodes: readonly KubernetesObject[]): boolean {
  if (charts.length > 0) {
    return charts.some((chart) => {
      const model = chartModel.safeParse(chart).data;
      if (model === undefined) return false;
      const claimed = model.metadata.annotations['helmcharts.cattle.io/managed-by'];
      return claimed !== undefined || model.status.jobName !== '';
    });
  }
  return nodes.some((node) =>
    /\+(k3s|rke2)/.test(nodeModel.safeParse(node).data?.status.nodeInfo.kubeletVersion ?? ''),
  );
}

/** Nothing where it may not be asked. */
export async function allowed<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof TargetFault && hasStatus(error, 403)) return undefined;
    throw error;
  }
}
