import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CoreV1Api, type KubeConfig } from '@kubernetes/client-node';
import type { RegistryPart } from '../registry.js';
import { type Finished, tool } from '../tools.js';
import { kubernetes } from './build.js';
import type { Credentials } from './credentials.js';
import { type TinyImage, writeImage } from './image.js';
import type { Machine } from './machine.js';
import {
  containerdConfig,
  kubeletConfig,
  networkConfig,
  pauseImage,
  proxyConfig,
  registryConfig,
} from './node-config.js';
import { type ClusterProcess, startProcess } from './process.js';

export interface NodeOptions {
  readonly directory: string;
  readonly machine: Machine;
  readonly credentials: Credentials;
  readonly client: KubeConfig;
  /** CIDR of the pods. */
  readonly pods: string;
}

/** The only node of a cluster: containerd, kubelet and kube-proxy on a machine of their own. */
export interface ClusterNode {
  /** As the API server knows it. */
  readonly name: string;
  readonly address: string;
  readonly containerd: ClusterProcess;
  readonly kubelet: ClusterProcess;
  readonly kubeProxy: ClusterProcess;
  /** Stops all three; containers run on, as when these are updated. */
  stop(): Promise<void>;
  /** kill -9 of all three. */
  kill(): Promise<void>;
  /** Starts what was stopped or killed; resolves when the node is ready. */
  start(): Promise<void>;
  /**
   * Gives the node a tiny image, which it then need not pull.
   *
   * @param name with a tag
   * @returns the whole name, as a container's `image`
   */
  loadImage(name: string, image?: TinyImage): Promise<string>;
  /** Lets the node pull from a registry of the test, by the name that the registry has for the test. */
  addRegistry(registry: RegistryPart): Promise<void>;
  /** Runs a program on the node's machine, as `iptables` or `ctr --namespace k8s.io`. */
  run(command: string, args: readonly string[]): Promise<Finished>;
}

const name = 'node';

export async function startNode(options: NodeOptions): Promise<ClusterNode> {
  const { directory, machine } = options;
  mkdirSync(join(directory, 'cni'));
  mkdirSync(join(directory, 'registries'));
  writeFileSync(join(directory, 'cni/pods.conflist'), JSON.stringify(networkConfig(options.pods)));
  const containerd = await startContainerd(options);
  await load(options, pauseImage, { command: ['/bin/sleep', '2147483647'] });
  const [kubelet, kubeProxy] = await Promise.all([startKubelet(options), startKubeProxy(options)]);
  const all = [containerd, kubelet, kubeProxy];
  return {
    name,
    address: machine.address,
    containerd,
    kubelet,
    kubeProxy,
    async stop() {
      for (const process of [kubeProxy, kubelet, containerd]) await process.stop();
    },
    async kill() {
      await Promise.all(all.map((process) => process.kill()));
    },
    async start() {
      for (const process of all) await process.start();
    },
    async loadImage(image, content = {}) {
      const whole = image.includes('/') ? image : `docker.io/library/${image}`;
      await load(options, whole, content);
      return whole;
    },
    async addRegistry(registry) {
      await machine.forward(Number(registry.host.split(':')[1]));
      const folder = join(directory, 'registries', registry.host);
      mkdirSync(folder);
      writeFileSync(join(folder, 'hosts.toml'), registryConfig(registry));
    },
    run: (command, args) => machine.run(command, args),
  };
}

function startContainerd({ directory, machine }: NodeOptions): Promise<ClusterProcess> {
  const config = join(directory, 'containerd.toml');
  writeFileSync(config, containerdConfig(directory));
  return startProcess(() =>
    machine.start(
      tool('containerd'),
      ['--config', config],
      // The kubelet's plugin is there last.
      async () => (await machine.run('ctr', ['plugins', 'ls', 'id==cri'])).stdout.includes('ok'),
    ),
  );
}

async function startKubelet(options: NodeOptions): Promise<ClusterProcess> {
  const { directory, machine, credentials, client } = options;
  const config = join(directory, 'kubelet.json');
  const { address, group } = machine;
  const nameServer = machine.subnet(2).replace('.0/24', '.10');
  writeFileSync(config, JSON.stringify(kubeletConfig({ address, group, nameServer, credentials })));
  const user = { name: `system:node:${name}`, organizations: ['system:nodes'] };
  const kubeconfig = await credentials.kubeconfig(user);
  const core = client.makeApiClient(CoreV1Api);
  return startProcess(() =>
    machine.start(
      kubernetes.path('kubelet'),
      [
        ...['--config', config, '--kubeconfig', kubeconfig, '--hostname-override', name, '--node-ip', machine.address],
        ...['--container-runtime', 'remote', '--container-runtime-endpoint', 'unix:///run/containerd/containerd.sock'],
      ],
      // Whether it is healthy itself, not only known as such from before.
      async () => (await fetch(`http://${machine.address}:10248/healthz`)).ok && (await nodeIsReady(core)),
    ),
  );
}

async function nodeIsReady(core: CoreV1Api): Promise<boolean> {
  const { status } = await core.readNode({ name });
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

async function startKubeProxy({ directory, machine, credentials, pods }: NodeOptions): Promise<ClusterProcess> {
  const config = join(directory, 'kube-proxy.json');
  const kubeconfig = await credentials.kubeconfig({ name: 'system:kube-proxy' });
  writeFileSync(config, JSON.stringify(proxyConfig(kubeconfig, name, pods)));
  return startProcess(() =>
    machine.start(kubernetes.path('kube-proxy'), ['--config', config], async () => {
      const { stdout } = await machine.run(tool('iptables'), ['--table', 'nat', '--list-rules', 'KUBE-SERVICES']);
      return stdout.includes('KUBE-SVC') && (await fetch(`http://${machine.address}:10256/healthz`)).ok;
    }),
  );
}

async function load({ directory, machine }: NodeOptions, image: string, content: TinyImage): Promise<void> {
  const archive = join(directory, 'image.tar');
  await writeImage(archive, image, content);
  const args = ['--namespace', 'k8s.io', 'images', 'import', '--snapshotter', 'native', archive];
  const { code, stdout, stderr } = await machine.run('ctr', args);
  if (code !== 0) throw new Error(`containerd did not take ${image}: ${stdout}${stderr}`);
}
