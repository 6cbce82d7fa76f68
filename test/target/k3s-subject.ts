import { readdir } from 'node:fs/promises';
import { AppsV1Api, CoreV1Api, type V1Deployment } from '@kubernetes/client-node';
import type { DesiredApplication, Lifecycle } from '../../core/plugin/index.js';
import type { KitSubject } from '../../core/testing/kit.js';
import type { TargetPlatform, TargetUnderTest } from '../../core/testing/target/index.js';
import type { KubernetesWithNode, RegistryPart } from '../parts/index.js';
import { k3sTrial, manifestsApplication } from './k3s-trial.js';
import { killableAgent } from './killable-agent.js';
import { endPods, podsOnCluster } from './pods-on-cluster.js';

/** Made before the cases, and not by the target: it stays. */
export const kitNamespace = 'kit';

const manifest = (image: string, pod: string, container: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: 'main-\${TUTTI_RELEASE}' }
spec:
  strategy: { type: Recreate }
  selector: { matchLabels: { app: '\${TUTTI_RELEASE}' } }
  template:
    metadata: { labels: { app: '\${TUTTI_RELEASE}' } }
    spec:
      terminationGracePeriodSeconds: 0
      ${pod}
      containers: [{ name: main, image: '${image}', imagePullPolicy: Never, ${container} }]
`;
const sleeping = "command: [sh, -c, 'exec sleep 100000']";
const dying = "command: [sh, -c, 'exit 3'], readinessProbe: { exec: { command: ['test', '-e', '/nowhere'] } }";

/** A k3s target for the kit: real cluster, real pods, real registry, and the library's typed calls as the other door. */
export async function k3sSubject(
  cluster: KubernetesWithNode,
  registry: RegistryPart,
  image: string,
): Promise<KitSubject<TargetUnderTest>> {
  const config = { settle: 0, owner: 'kit' };
  const trial = await k3sTrial(cluster.kubeconfig, registry, config);
  const good = await trial.push('good', '1.0.0', manifest(image, '', sleeping));
  const failing = await trial.push('failing', '1.0.0', manifest(image, '', dying));
  const stuck = await trial.push('stuck', '1.0.0', manifest(image, 'nodeSelector: { kit: nowhere }', sleeping));
  const apps = cluster.client().makeApiClient(AppsV1Api);
  const core = cluster.client().makeApiClient(CoreV1Api);
  const namespace = kitNamespace;
  const pods = podsOnCluster(cluster, namespace, isOf);
  const of = (repository: string, id: string, change: object): DesiredApplication =>
    manifestsApplication(repository, '1.0.0', change, { id, namespace });

  const platform: TargetPlatform = {
    application: (id, version) => of(good, id, { parameters: { VERSION: version } }),
    missing: (id) => of(`oci://${registry.host}/components/nowhere`, id, {}),
    stuck: (id) => of(stuck, id, { timeout: 3_600_000, parameters: { VERSION: 'stuck' } }),
    failing: (id) => of(failing, id, { timeout: 4_000 }),
    ...pods,
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
        ...(await readdir(`${trial.dataDir}/k3s`)),
      ];
    },
    applyElsewhere: (application, component) =>
      killableAgent(new URL('k3s-agent.ts', import.meta.url), [
        cluster.kubeconfig,
        registry.url,
        JSON.stringify(config),
        JSON.stringify(application),
        component,
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
      const mine = { namespace, labelSelector: 'tutti.dev/owner=kit' };
      await endPods(cluster, mine);
      await core.deleteCollectionNamespacedSecret(mine);
      await core.deleteCollectionNamespacedEvent({ namespace });
      await trial.dispose();
    },
  };
}

const patient = (): AbortSignal => new AbortController().signal;

function isOf({ metadata }: V1Deployment, id: string, component: string): boolean {
  const { annotations = {} } = metadata ?? {};
  return annotations['tutti.dev/application'] === id && annotations['tutti.dev/component'] === component;
}
