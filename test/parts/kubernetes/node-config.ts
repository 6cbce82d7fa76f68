import type { RegistryPart } from '../registry.js';
import type { Credentials } from './credentials.js';

/** The image that holds the network of each pod; made from nothing as all others are. */
export const pauseImage = 'test.local/pause:1';

/** containerd's own paths are those of the machine, which has /run and /var/lib for itself. */
export function containerdConfig(directory: string): string {
  return `version = 2
[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  # A machine that is itself a container may not let its own be spared when memory is short.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    # Copies, and so also works where the disk is an overlay already.
    snapshotter = "native"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${directory}/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "${directory}/registries"
`;
}

/** How containerd speaks to a registry: whom it trusts, or that there is no TLS. */
export function registryConfig({ url, ca }: RegistryPart): string {
  return `server = "${url}"\n[host."${url}"]\n${ca === undefined ? '' : `ca = "${ca.file}"\n`}`;
}

export function networkConfig(pods: string): object {
  return {
    cniVersion: '0.4.0',
    name: 'pods',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        ipam: { type: 'host-local', ranges: [[{ subnet: pods }]], routes: [{ dst: '0.0.0.0/0' }] },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}

export interface KubeletOptions {
  /** Name of the control group below which all of its containers are to lie. */
  readonly group: string;
  readonly address: string;
  /** Address of a name server in the cluster. */
  readonly nameServer: string;
  readonly credentials: Credentials;
}

export function kubeletConfig({ group, address, nameServer, credentials }: KubeletOptions): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address,
    tlsCertFile: credentials.kubelet.certificate,
    tlsPrivateKeyFile: credentials.kubelet.key,
    authentication: {
      anonymous: { enabled: false },
      x509: { clientCAFile: credentials.ca },
      webhook: { enabled: true },
    },
    authorization: { mode: 'Webhook' },
    failSwapOn: false,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${group}`,
    enforceNodeAllocatable: [],
    // A test is not to depend on how full the disk of the machine is.
    evictionHard: { 'memory.available': '0%', 'nodefs.available': '0%', 'imagefs.available': '0%' },
    imageGCHighThresholdPercent: 100,
    healthzBindAddress: address,
    // Nobody answers there; without an address, each pod is given a warning.
    clusterDNS: [nameServer],
    clusterDomain: 'cluster.local',
    resolvConf: '',
    serializeImagePulls: false,
    nodeStatusUpdateFrequency: '2s',
    nodeStatusReportFrequency: '1m',
    syncFrequency: '10s',
    volumeStatsAggPeriod: '0s',
  };
}

export function proxyConfig(kubeconfig: string, hostname: string, pods: string): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clientConnection: { kubeconfig },
    hostnameOverride: hostname,
    healthzBindAddress: '0.0.0.0:10256',
    mode: 'iptables',
    clusterCIDR: pods,
    // A limit of the whole machine, which is not ours to set.
    conntrack: { maxPerCore: 0, min: 0 },
  };
}
