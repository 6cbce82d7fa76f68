import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, fetch as fetchWith } from 'undici';
import { freePort, startDaemon } from '../daemon.js';
import { tool } from '../tools.js';
import { kubernetes } from './build.js';
import type { Credentials, Files } from './credentials.js';
import { type ClusterProcess, startProcess } from './process.js';

export interface ControlPlaneOptions {
  readonly directory: string;
  readonly credentials: Credentials;
  /** The address and port of the API server. */
  readonly address: string;
  readonly port: number;
  /** CIDR of the cluster's Services. */
  readonly services: string;
  /** Whether the API server answers watches from its memory; if not, it asks etcd. */
  readonly watchCache: boolean;
}

export interface Etcd extends ClusterProcess {
  /** Forgets all revisions but the current one. */
  compact(): Promise<void>;
}

/** Starts etcd on a loopback port; only who has the client certificate may speak to it. */
export async function startEtcd(directory: string, { etcd }: Credentials): Promise<Etcd & { readonly url: string }> {
  const [url, peers] = [`https://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
  const ask = client(etcd.ca, etcd.client);
  const post = async (path: string, body: object): Promise<unknown> =>
    (await ask(`${url}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) })).json();
  const process = await startProcess(() =>
    startDaemon(
      tool('etcd'),
      [
        ...['--name', 'test', '--data-dir', join(directory, 'etcd'), '--logger', 'zap', '--log-level', 'warn'],
        ...['--listen-client-urls', url, '--advertise-client-urls', url],
        ...['--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers, '--initial-cluster', `test=${peers}`],
        ...['--cert-file', etcd.server.certificate, '--key-file', etcd.server.key],
        ...['--client-cert-auth', '--trusted-ca-file', etcd.ca],
      ],
      { ready: async () => (await ask(`${url}/health`)).status === 200, deadline },
    ),
  );
  return Object.assign(process, {
    url,
    async compact() {
      const { header } = (await post('kv/range', { key: 'AA==' })) as { header: { revision: string } };
      await post('kv/compaction', { revision: header.revision, physical: true });
    },
  });
}

export function startApiServer(etcd: string, options: ControlPlaneOptions): Promise<ClusterProcess> {
  const { directory, credentials, address, port, services, watchCache } = options;
  const ask = client(credentials.ca, credentials.apiServer);
  return startProcess(() =>
    startDaemon(
      kubernetes.path('kube-apiserver'),
      [
        `--bind-address=${address}`,
        `--advertise-address=${address}`,
        `--secure-port=${port}`,
        // An address of the loopback interface is nothing that the Service `kubernetes` may lead to.
        ...(address === '127.0.0.1' ? ['--endpoint-reconciler-type=none'] : []),
        `--service-cluster-ip-range=${services}`,
        `--watch-cache=${watchCache}`,
        '--authorization-mode=Node,RBAC',
        '--allow-privileged',
        // The name of the node is known to no name server.
        '--kubelet-preferred-address-types=InternalIP',
        `--cert-dir=${directory}`,
        `--tls-cert-file=${credentials.apiServer.certificate}`,
        `--tls-private-key-file=${credentials.apiServer.key}`,
        `--client-ca-file=${credentials.ca}`,
        `--kubelet-client-certificate=${credentials.apiServer.certificate}`,
        `--kubelet-client-key=${credentials.apiServer.key}`,
        `--kubelet-certificate-authority=${credentials.ca}`,
        `--etcd-servers=${etcd}`,
        `--etcd-cafile=${credentials.etcd.ca}`,
        `--etcd-certfile=${credentials.etcd.client.certificate}`,
        `--etcd-keyfile=${credentials.etcd.client.key}`,
        '--service-account-issuer=https://kubernetes.default.svc',
        `--service-account-key-file=${credentials.tokens.publicKey}`,
        `--service-account-signing-key-file=${credentials.tokens.key}`,
      ],
      { ready: async () => (await ask(`https://${address}:${port}/readyz`)).status === 200, deadline },
    ),
  );
}

export async function startControllerManager(options: ControlPlaneOptions): Promise<ClusterProcess> {
  const { credentials } = options;
  return startClient('kube-controller-manager', options, [
    '--use-service-account-credentials',
    `--service-account-private-key-file=${credentials.tokens.key}`,
    `--root-ca-file=${credentials.ca}`,
  ]);
}

export function startScheduler(options: ControlPlaneOptions): Promise<ClusterProcess> {
  return startClient('kube-scheduler', options, []);
}

/** A controller: alone, so that it need not be elected first. */
async function startClient(
  name: 'kube-controller-manager' | 'kube-scheduler',
  { directory, credentials }: ControlPlaneOptions,
  args: readonly string[],
): Promise<ClusterProcess> {
  const port = await freePort();
  const kubeconfig = await credentials.kubeconfig({ name: `system:${name}` });
  const ask = client(credentials.ca, credentials.apiServer);
  return startProcess(() =>
    startDaemon(
      kubernetes.path(name),
      [
        ...['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'].map((it) => `--${it}=${kubeconfig}`),
        '--leader-elect=false',
        '--bind-address=127.0.0.1',
        `--secure-port=${port}`,
        '--port=0',
        `--cert-dir=${directory}`,
        `--tls-cert-file=${credentials.apiServer.certificate}`,
        `--tls-private-key-file=${credentials.apiServer.key}`,
        ...args,
      ],
      { ready: async () => (await ask(`https://127.0.0.1:${port}/healthz`)).status === 200, deadline },
    ),
  );
}

/** These are large programs, which a busy machine starts slowly. */
const deadline = 120_000;

function client(ca: string, { certificate, key }: Files) {
  const [authority, cert, secret] = [ca, certificate, key].map((file) => readFileSync(file, 'utf8'));
  // Each question on a connection of its own: a killed server leaves none that looks alive.
  const dispatcher = new Agent({ pipelining: 0, connect: { ca: authority, cert, key: secret } });
  return (url: string, init: { readonly method?: string; readonly body?: string } = {}) =>
    fetchWith(url, { ...init, dispatcher });
}
