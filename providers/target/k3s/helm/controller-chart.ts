import type { Json } from '../../../../core/plugin/index.js';
import type { Login } from '../../../shared/logins/index.js';
import type { KubernetesObject, ObjectKey } from '../kubernetes.js';
import { marks, marksOf, releaseKey } from '../marks.js';
import { pullSecret } from '../pull-secret.js';
import { loginsFor } from './chart-reference.js';
import type { HelmConfig } from './config.js';
import { type Goal, type Memo, shortDigest } from './memo.js';

/**
 * Where HelmCharts and what they refer to lie: the controller runs Helm beside them with all rights in the cluster, so
 * nobody else's pods may be there. k3s keeps its own in it as well.
 */
export const chartNamespace = 'kube-system';

export const helmChartKind = { apiVersion: 'helm.cattle.io/v1', kind: 'HelmChart' } as const;

export function chartKey(release: string): ObjectKey {
  return { ...helmChartKind, namespace: chartNamespace, name: release };
}

export interface ChartSurroundings {
  /** PEM of the authorities of the charts' registries. */
  readonly ca: string | undefined;
  readonly insecure: HelmConfig['insecure'];
  readonly logins: readonly Login[];
  /** What the cluster's HelmChart knows: older ones know no Secrets for values, and drop what they do not know. */
  readonly fields: ReadonlySet<string>;
  /** Milliseconds. */
  readonly timeout: number;
}

export interface ChartObjects {
  readonly chart: KubernetesObject;
  /** What the chart refers to, to be there before it. */
  readonly secrets: readonly KubernetesObject[];
}

/**
 * The HelmChart for a goal, and its Secrets. Values are in a Secret of their own where the cluster's HelmChart can refer
 * to one, for they may be secrets. That is another one for each goal: the chart and its values change in one step.
 */
export function chartObjects(memo: Memo, goal: Goal, around: ChartSurroundings): ChartObjects {
  const { release, namespace } = memo;
  const { ca, insecure, logins, fields, timeout } = around;
  const { chart } = goal.chart;
  const own = loginsFor(chart, logins);
  const values = JSON.stringify(goal.values);
  const bySecret = fields.has('valuesSecrets');
  const names = {
    values: `${release}-values-${shortDigest(goal.applied).slice(0, 8)}`,
    registry: `${release}-registry`,
  };
  const secrets = [
    ...(bySecret ? [valuesSecret(memo, names.values, values)] : []),
    ...(own.length === 0
      ? []
      : [pullSecret({ mark: memo.mark, name: names.registry, namespace: chartNamespace }, own)]),
  ];
  const spec: Readonly<Record<string, Json>> = {
    chart,
    ...(goal.chart.version !== undefined && { version: goal.chart.version }),
    targetNamespace: namespace,
    ...(bySecret ? { valuesSecrets: [{ name: names.values, keys: ['values.yaml'] }] } : { valuesContent: values }),
    ...(own.length > 0 && { dockerRegistrySecret: { name: names.registry } }),
    ...(ca !== undefined && { repoCA: ca }),
    ...(insecure === 'skip-verify' && { insecureSkipTLSVerify: true }),
    ...(insecure === 'plain-http' && { plainHTTP: true }),
    timeout: `${Math.max(1, Math.ceil(timeout / 1000))}s`,
    // The other one, `reinstall`, uninstalls what ran before, with its volumes, because an upgrade failed.
    failurePolicy: 'abort',
  };
  return {
    chart: {
      ...helmChartKind,
      metadata: { name: release, namespace: chartNamespace, ...marksOf(memo.mark) },
      spec,
    },
    secrets,
  };
}

function valuesSecret({ mark }: Memo, name: string, values: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: chartNamespace, ...marksOf(mark) },
    type: 'Opaque',
    data: { 'values.yaml': Buffer.from(values).toString('base64') },
  };
}

/** Whether a HelmChart is the one of this component. */
export function isOurs({ metadata }: KubernetesObject, { mark }: Pick<Memo, 'mark'>): boolean {
  return metadata.labels?.[marks.release] === releaseKey(mark.owner, mark.application.id, mark.component);
}
