import { readdir } from 'node:fs/promises';
import { AppsV1Api, CoreV1Api, type V1Deployment } from '@kubernetes/client-node';
import type { DesiredApplication, Lifecycle } from '../../core/plugin/index.js';
import type { KitSubject } from '../../core/testing/kit.js';
import type { TargetPlatform, TargetUnderTest } from '../../core/testing/target/index.js';
import { releaseName } from '../../providers/target/k3s/helm/release-name.js';
import type { HelmPart, KubernetesWithNode, RegistryPart } from '../parts/index.js';
import { type Charts, chartApplication, helmTrial } from './helm-trial.js';
import { killableAgent } from './killable-agent.js';
import { endPods, podsOnCluster } from './pods-on-cluster.js';

/** Made before the cases, and not by the target: it stays. */
export const kitNamespace = 'kit';
const owner = 'kit';

const deployment = (image: string, pod: string, container: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: '{{ .Release.Name }}' }
spec:
  strategy: { type: Recreate }
  selector: { matchLabels: { app: '{{ .Release.Name }}' } }
  template:
    metadata: { labels: { app: '{{ .Release.Name }}' } }
    spec:
      terminationGracePeriodSeconds: 0
      ${pod}
      containers:
        - name: main
          image: '${image}'
          imagePullPolicy: Never
          env: [{ name: VERSION, value: {{ .Values.VERSION | quote }} }]
          ${container}
`;
const sleeping = "command: [sh, -c, 'exec sleep 100000']";
const dying = `command: [sh, -c, 'exit 3']
          readinessProbe: { exec: { command: ['test', '-e', '/nowhere'] } }`;

/** The repositories of the charts that the kit needs. */
export interface KitCharts {
  readonly good: string;
  readonly failing: string;
  readonly stuck: string;
}

export async function pushKitCharts(shelf: Charts, image: string): Promise<KitCharts> {
  const push = (name: string, pod: string, container: string): Promise<string> =>
    shelf.push(name, '1.0.0', { 'deployment.yaml': deployment(image, pod, container) });
  return {
    good: await push('good', '', sleeping),
    failing: await push('failing', '', dying),
    stuck: await push('stuck', 'nodeSelector: { kit: nowhere }', sleeping),
  };
}

/** A target of charts by the helm program: real Helm, cluster, pods and registry; the library's calls as the other door. */
export async function helmSubject(
  cluster: KubernetesWithNode,
  helm: HelmPart,
  registry: RegistryPart,
  charts: KitCharts,
): Promise<KitSubject<TargetUnderTest>> {
  const config = {
    ...{ settle: 0, owner, deploymentTypes: ['helm'] },
    helm: { driver: 'cli', program: helm.program, insecure: 'plain-http' },
  };
  const trial = await helmTrial(cluster.kubeconfig, config);
  const apps = cluster.client().makeApiClient(AppsV1Api);
  const core = cluster.client().makeApiClient(CoreV1Api);
  const namespace = kitNamespace;
  const of = (repository: string, id: string, change: object): DesiredApplication =>
    chartApplication(repository, '1.0.0', change, { id, namespace });
  const platform: TargetPlatform = {
    ...podsOnCluster(cluster, namespace, isOf),
    application: (id, version) => of(charts.good, id, { parameters: { VERSION: version } }),
    missing: (id) => of(`oci://${registry.host}/charts/nowhere`, id, {}),
    stuck: (id) => of(charts.stuck, id, { timeout: 3_600_000, parameters: { VERSION: 'stuck' } }),
    failing: (id) => of(charts.failing, id, { timeout: 4_000 }),
    leftovers: async () => {
      const [deployments, pods, secrets] = await Promise.all([
        apps.listNamespacedDeployment({ namespace }),
        core.listNamespacedPod({ namespace }),
        core.listNamespacedSecret({ namespace }),
      ]);
      return [
        ...deployments.items.map(({ metadata }) => `deployment ${metadata?.name}`),
        ...pods.items.map(({ metadata }) => `pod ${metadata?.name}`),
        ...secrets.items.map(({ metadata }) => `secret ${metadata?.name}`).filter((name) => !name.includes('token')),
        // A helm may just be asked for its version.
        ...(await readdir(`${trial.dataDir}/k3s`)).filter((name) => !name.startsWith('.helm-')),
      ];
    },
    applyElsewhere: (application, component) =>
      killableAgent(new URL('k3s-agent.ts', import.meta.url), [
        ...[cluster.kubeconfig, registry.url, JSON.stringify(config), JSON.stringify(application), component],
        trial.dataDir,
      ]),
  };
  let current: Lifecycle = trial.target;
  return {
    instance: Object.assign(trial.target, { platform }),
    close: async () => current.stop?.(patient()),
    reopen: async () => {
      const instance = await trial.again();
      current = instance;
      return Object.assign(instance, { platform });
    },
    dispose: async () => {
      await endPods(cluster, { namespace });
      for (const labelSelector of ['owner=helm', `tutti.dev/owner=${owner}`]) {
        await core.deleteCollectionNamespacedSecret({ namespace, labelSelector });
      }
      await core.deleteCollectionNamespacedEvent({ namespace });
      await trial.dispose();
    },
  };
}

const patient = (): AbortSignal => new AbortController().signal;

function isOf({ metadata }: V1Deployment, id: string, component: string): boolean {
  return metadata?.annotations?.['meta.helm.sh/release-name'] === releaseName(owner, id, component);
}
