import type { ChartReference } from './chart-reference.js';
import type { HelmConfig } from './config.js';
import type { HelmVersion } from './helm-version.js';

/** Where the cluster is, for a helm program; absent is what helm finds by itself, as in a pod. */
export interface ClusterArguments {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly ca?: string | undefined;
}

export interface UpgradeWait {
  /**
   * Helm goes back by itself when it fails: to before, or to nothing where nothing was before. To nothing it deletes the
   * volume claims too, those that it had found there and taken over as well: only for where something was before.
   */
  readonly goesBack: boolean;
}

export interface UpgradeRequest {
  readonly release: string;
  readonly namespace: string;
  readonly chart: ChartReference;
  /** Files: secrets are never arguments, which everybody on the machine can read. */
  readonly valuesFile: string;
  readonly registryConfig: string;
  readonly caFile?: string | undefined;
  readonly insecure: HelmConfig['insecure'];
  readonly history: number;
  readonly labels: Readonly<Record<string, string>>;
  /** That helm may take for each hook, for what it waits for, and to go back; the chart's pull is not in it. */
  readonly milliseconds: number;
  /** Absent: helm does not wait, and does not go back. */
  readonly wait?: UpgradeWait;
}

/** Installs or upgrades. */
export function upgradeArguments(version: HelmVersion, request: UpgradeRequest): string[] {
  const { release, namespace, chart, valuesFile, registryConfig, caFile, insecure, history, milliseconds, wait } =
    request;
  const labels = Object.entries(request.labels).map(([name, value]) => `${name}=${value}`);
  return [
    'upgrade',
    release,
    chart.chart,
    '--install',
    ...(chart.version === undefined ? [] : ['--version', chart.version]),
    ...inNamespace(namespace),
    '--values',
    valuesFile,
    '--labels',
    labels.join(','),
    '--history-max',
    String(history),
    ...registryArguments({ registryConfig, caFile, insecure }),
    ...(wait === undefined ? [] : [...(wait.goesBack ? atomic(version) : []), '--wait']),
    ...timeout(milliseconds),
  ];
}

/** Helm 4 has the same under a name that says what it does. */
function atomic({ major }: HelmVersion): string[] {
  return [major >= 4 ? '--rollback-on-failure' : '--atomic'];
}

function registryArguments({
  registryConfig,
  caFile,
  insecure,
}: Pick<UpgradeRequest, 'registryConfig' | 'caFile' | 'insecure'>): string[] {
  return [
    '--registry-config',
    registryConfig,
    ...(caFile === undefined ? [] : ['--ca-file', caFile]),
    ...(insecure === 'skip-verify' ? ['--insecure-skip-tls-verify'] : []),
    ...(insecure === 'plain-http' ? ['--plain-http'] : []),
  ];
}

export function rollbackArguments(
  request: Pick<UpgradeRequest, 'release' | 'namespace' | 'history' | 'milliseconds'> & { readonly revision: number },
): string[] {
  const { release, revision, namespace, history, milliseconds } = request;
  const place = [release, String(revision), ...inNamespace(namespace)];
  return ['rollback', ...place, '--history-max', String(history), ...timeout(milliseconds)];
}

export function uninstallArguments(request: {
  readonly release: string;
  readonly namespace: string;
  readonly milliseconds: number;
}): string[] {
  const { release, namespace, milliseconds } = request;
  return [
    'uninstall',
    release,
    ...inNamespace(namespace),
    '--ignore-not-found',
    '--wait',
    // Otherwise only what the chart names is waited for, and its pods may run on for a while.
    '--cascade=foreground',
    ...timeout(milliseconds),
  ];
}

/** What comes with every call that asks the cluster. */
export function clusterArguments({ kubeconfig, context, ca }: ClusterArguments): string[] {
  return [
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
    ...(context === undefined ? [] : ['--kube-context', context]),
    ...(ca === undefined ? [] : ['--kube-ca-file', ca]),
  ];
}

function inNamespace(namespace: string): string[] {
  return ['--namespace', namespace];
}

/** Whole seconds, for a fraction of one would be `1.5s`, and at least one: zero is for ever in some places. */
function timeout(milliseconds: number): string[] {
  return ['--timeout', `${Math.max(1, Math.ceil(milliseconds / 1000))}s`];
}
