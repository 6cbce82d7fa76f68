import { artifactAt, type DesiredApplication, type Lifecycle, type TargetProvider } from '../../core/plugin/index.js';
import {
  type ManualClock,
  manualClock,
  type RecordingLogger,
  recordingLogger,
  testContext,
} from '../../core/testing/index.js';
import { targetK3s } from '../../providers/target/k3s/index.js';
import type { KubernetesObject } from '../../providers/target/k3s/kubernetes.js';
import { artifactType, layerType, manifestsApplication } from './k3s-trial.js';
import { MemoryRegistry } from './memory-registry.js';
import { type PlayedCluster, playCluster } from './played-cluster.js';

/** A target.k3s, not started, on a cluster that is played, with a namespace `line` that is there. */
export interface PlayedK3s {
  readonly target: TargetProvider & Lifecycle;
  readonly cluster: PlayedCluster;
  readonly registry: MemoryRegistry;
  readonly clock: ManualClock;
  readonly log: RecordingLogger;
  /** Starts the target, which watches from then on. */
  start(): Promise<void>;
  /** Pushes a revision of the component `monitor`, and gives a deployment of it that waits for nothing. */
  push(
    revision: string,
    objects: readonly object[],
    change?: { readonly wait?: boolean; readonly timeout?: number },
  ): Promise<DesiredApplication>;
  dispose(): Promise<void>;
}

export async function playK3s(config: object = {}): Promise<PlayedK3s> {
  const cluster = await playCluster();
  cluster.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'line' } });
  const [registry, clock, log] = [new MemoryRegistry(), manualClock(), recordingLogger()];
  const context = await testContext<TargetProvider>(targetK3s, {
    ...{ name: 'k3s', clock, log, uses: { registry } },
    config: { kubeconfig: cluster.kubeconfig, deploymentTypes: ['custom'], ...config },
  });
  return {
    ...{ target: context.instance, cluster, registry, clock, log },
    start: () => context.start(),
    async push(revision, objects, change = {}) {
      const repository = 'oci://registry.test/components/monitor';
      const layers = objects.map((each) => ({ mediaType: layerType, bytes: Buffer.from(JSON.stringify(each)) }));
      await registry.push(artifactAt(repository, revision), { artifactType, layers });
      return manifestsApplication(repository, revision, { wait: false, ...change }, { id: 'app' });
    },
    async dispose() {
      await context.dispose();
      await cluster.close();
    },
  };
}

/** A ConfigMap as a manifest has it. */
export function configMap(name: string, value = 'a'): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, ...{ data: { value } } };
}
