import { z } from '../../../../core/plugin/index.js';
import { readLooseYaml } from '../../../../core/yaml/index.js';
import type { Cluster } from '../cluster.js';
import { chartNamespace } from './controller-chart.js';
import { allowed } from './surroundings.js';
import type { Values } from './values.js';

const kind = { apiVersion: 'helm.cattle.io/v1', kind: 'HelmChartConfig' } as const;
const model = z.object({ spec: z.object({ valuesContent: z.string().default('') }).prefault({}) });
const values = z.record(z.string(), z.json());

/**
 * Values that an operator has the controller lay over those of a HelmChart (HelmChartConfig of its name). What Helm says
 * that it was given is then not what we gave.
 *
 * @returns nothing where there are none, or they may not be read
 */
export async function overridesOf(cluster: Cluster, release: string, signal: AbortSignal): Promise<Values | undefined> {
  if (!(await cluster.has(kind, signal))) return undefined;
  const key = { ...kind, namespace: chartNamespace, name: release };
  const found = model.safeParse(await allowed(() => cluster.get(key, signal))).data;
  return found && values.safeParse(readLooseYaml(found.spec.valuesContent).value).data;
}
