import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import type { Subject } from '../certificate.js';
import { freePort, until } from '../daemon.js';
import { reclaim, workspace } from '../workspace.js';
import { type Etcd, startApiServer, startControllerManager, startEtcd, startScheduler } from './control-plane.js';
import { createCredentials } from './credentials.js';
import { type Machine, startMachine } from './machine.js';
import { type ClusterNode, startNode } from './node.js';
import type { ClusterProcess } from './process.js';

export interface KubernetesOptions {
  /** A node on which pods run; none unless told, and then pods stay pending. */
  readonly node?: boolean;
  /**
   * Whether the API server answers watches from its memory, as it does unless told. Without, a revision that
   * `etcd.compact()` forgot is "Gone" (410) to every watch.
   */
  readonly watchCache?: boolean;
}

/** A cluster of the test's own: Kubernetes 1.20. */
export interface KubernetesPart {
  /** `https://address:port` of the API server. */
  readonly server: string;
  /** Path of the kubeconfig of an administrator. */
  readonly kubeconfig: string;
  /** The same for the library. */
  client(): KubeConfig;
  /** Path of a new kubeconfig: a user who may do nothing until a role is bound to them. */
  kubeconfigOf(user: Subject): Promise<string>;
  /** A directory of its own, for files of a test. */
  readonly directory: string;
  readonly etcd: Etcd;
  readonly apiServer: ClusterProcess;
  readonly controllerManager: ClusterProcess;
  readonly scheduler: ClusterProcess;
  /** Ends every process and cleans up after them. */
  stop(): Promise<void>;
}

export interface KubernetesWithNode extends KubernetesPart {
  readonly node: ClusterNode;
}

/** Starts a cluster whose API server listens on the loopback interface, or with a node on an address that is its own. */
export function startKubernetes(options: KubernetesOptions & { readonly node: true }): Promise<KubernetesWithNode>;
export function startKubernetes(options?: KubernetesOptions): Promise<KubernetesPart>;
export async function startKubernetes(options: KubernetesOptions = {}): Promise<KubernetesPart> {
  const directory = workspace('kubernetes');
  // Ended in reverse.
  const endings: (() => Promise<void>)[] = [() => reclaim(directory)];
  const stop = async (): Promise<void> => {
    for (const end of endings.splice(0).reverse()) await end();
  };
  const ended = <P extends { kill(): Promise<void> }>(process: P): P => {
    endings.push(() => process.kill());
    return process;
  };
  try {
    let machine: Machine | undefined;
    if (options.node === true) {
      machine = await startMachine(folders(directory));
      endings.push(machine.stop);
    }
    const address = machine?.gateway ?? '127.0.0.1';
    const port = await freePort(address);
    const services = machine?.subnet(2) ?? '10.96.0.0/24';
    const server = `https://${address}:${port}`;
    const credentials = await createCredentials(directory, {
      server,
      hosts: [address, '127.0.0.1', 'localhost', services.replace('.0/24', '.1'), 'kubernetes.default.svc'],
      nodeHosts: machine ? [machine.address] : [],
    });
    const kubeconfig = await credentials.kubeconfig({ name: 'admin', organizations: ['system:masters'] });
    const client = (): KubeConfig => {
      const config = new KubeConfig();
      config.loadFromFile(kubeconfig);
      return config;
    };
    const { watchCache = true } = options;
    const plane = { directory, credentials, address, port, services, watchCache };
    const etcd = ended(await startEtcd(directory, credentials));
    const apiServer = ended(await startApiServer(etcd.url, plane));
    const [controllerManager, scheduler] = await Promise.all([startControllerManager(plane), startScheduler(plane)]);
    ended(controllerManager);
    ended(scheduler);
    await accountOfPods(client());
    const node =
      machine && (await startNode({ directory, machine, credentials, client: client(), pods: machine.subnet(1) }));
    return {
      ...{ server, kubeconfig, client, directory, etcd, apiServer, controllerManager, scheduler, stop },
      kubeconfigOf: (user) => credentials.kubeconfig(user),
      ...(node && { node }),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What the node keeps; the kernel takes away the rest. */
function folders(directory: string): { readonly lib: string; readonly log: string; readonly group: string } {
  const [lib, log] = [join(directory, 'lib'), join(directory, 'log')];
  mkdirSync(lib);
  mkdirSync(log);
  return { lib, log, group: basename(directory) };
}

/** No pod is admitted before its namespace has this, which a controller makes. */
async function accountOfPods(client: KubeConfig): Promise<void> {
  const account = { name: 'default', namespace: 'default' };
  const core = client.makeApiClient(CoreV1Api);
  await until(
    async () => ((await core.readNamespacedServiceAccount(account)).secrets ?? []).length > 0,
    () => 'the service account of the namespace `default` is not there',
    120_000,
  );
}
