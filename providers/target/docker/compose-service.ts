import { fields, lookup, text } from './compose-model.js';
import {
  absent,
  anything,
  each,
  fileInside,
  listOrNamed,
  off,
  oneOf,
  only,
  pending,
  type Rule,
  textOr,
} from './compose-rules.js';

const isolation = absent('weakened isolation', 'security-options');
const devices = absent('devices', 'devices');

/** `no-new-privileges` takes something from a workload; every other option gives it something. */
const securityOption = oneOf(
  (option) => /^no-new-privileges([:=]true)?$/.test(option),
  'weakened isolation',
  'security-options',
);

/** A namespace of the container's own, or of another service of the component. */
const namespace =
  (...own: readonly string[]): Rule =>
  (value, path, scope) => {
    const said = text(value);
    if (said === undefined || own.includes(said) || pending(value, scope)) return;
    if (said.startsWith('service:') && scope.services.has(said.slice('service:'.length))) return;
    const fault =
      said === 'host' ? "the device's own namespace" : `the namespace of something outside of the component (${said})`;
    scope.say(path, fault, 'host-namespaces');
  };

const networkMode: Rule = (value, path, scope) => {
  const said = text(value) ?? '';
  // Everything else is the name of a network, and the engine's default bridge is everybody's.
  if (/^(host$|container:|service:)/.test(said)) return namespace()(value, path, scope);
  const own = (name: string): boolean => ['', 'none', 'default'].includes(name);
  oneOf(own, 'a network outside of the component', 'external-networks')(value, path, scope);
};

const volumesFrom: Rule = (value, path, scope) => {
  const own = (from: string): boolean => scope.services.has(from.split(':', 1)[0] ?? '');
  oneOf(own, 'volumes of a container outside of the component', 'external-volumes')(value, path, scope);
};

const link: Rule = (value, path, scope) => {
  const own = (to: string): boolean => scope.services.has(to.split(':', 1)[0] ?? '');
  oneOf(own, 'a container outside of the component', 'external-networks')(value, path, scope);
};

const attachment = only({
  aliases: anything,
  gw_priority: anything,
  interface_name: anything,
  ipv4_address: anything,
  ipv6_address: anything,
  mac_address: anything,
  priority: anything,
});

/** Commands in a running container, with what the container has and no more. */
const hook = only({
  command: anything,
  environment: anything,
  privileged: off('a privileged command owns the device', 'privileged'),
  user: anything,
  working_dir: anything,
});

/** Of the drivers `json-file` and `local`: size and form, and nothing that names another place. */
const loggingOptions = new Set([
  ...['max-size', 'max-file', 'compress', 'mode', 'max-buffer-size'],
  ...['labels', 'labels-regex', 'env', 'env-regex', 'tag'],
]);

const logging = only({
  driver: oneOf((driver) => ['json-file', 'local', 'none'].includes(driver), 'a log outside of the engine', 'logging'),
  options: (value, path, { say }) => {
    for (const name of Object.keys(fields(value) ?? {})) {
      if (!loggingOptions.has(name)) say(`${path}.${name}`, 'a log outside of the engine', 'logging');
    }
  },
});

const deploy = only({
  endpoint_mode: anything,
  labels: anything,
  mode: anything,
  placement: anything,
  replicas: anything,
  resources: only({
    limits: only({ cpus: anything, memory: anything, pids: anything }),
    reservations: only({ cpus: anything, memory: anything, devices }),
  }),
  restart_policy: anything,
  rollback_config: anything,
  update_config: anything,
});

const mount = only({
  type: oneOf((type) => ['volume', 'tmpfs'].includes(type), 'only `volume` and `tmpfs` can be mounted'),
  source: oneOf((source) => /^[A-Za-z0-9][\w.-]*$/.test(source), 'must be the name of a volume'),
  target: anything,
  read_only: anything,
  consistency: anything,
  tmpfs: only({ size: anything, mode: anything }),
  volume: only({ labels: anything, nocopy: anything, subpath: anything }),
});

const volume: Rule = (value, path, scope) => {
  const long = fields(value);
  const source = long ? text(long['source']) : shortSource(text(value));
  const type = long ? text(long['type']) : source !== undefined && isPath(source) ? 'bind' : 'volume';
  if (type !== 'bind' && type !== 'npipe') {
    if (long) mount(value, path, scope);
  } else if (source !== undefined && /docker\.sock$|\/run$|containerd\.sock$/.test(source)) {
    scope.say(path, `the engine's socket (${source}) must not be mounted`, 'docker-socket');
  } else {
    const fault = `bind mounts (${source ?? 'no source'}) are not allowed; use a named volume`;
    scope.say(path, fault, 'bind-mounts');
  }
};

/** A config or secret as a service uses it. */
const use = textOr(only({ source: anything, target: anything, uid: anything, gid: anything, mode: anything }));

/** Everything that a service may say. What is not here is refused: Compose learns new keys with every release. */
export const serviceRule: Rule = only({
  annotations: isolation,
  attach: anything,
  blkio_config: devices,
  build: absent('images come from a registry, not from a build', 'build'),
  cap_add: absent('added capabilities', 'capabilities'),
  cap_drop: anything,
  cgroup: namespace('private'),
  cgroup_parent: isolation,
  command: anything,
  configs: each(use),
  container_name: anything,
  cpu_count: anything,
  cpu_percent: anything,
  cpu_period: anything,
  cpu_quota: anything,
  cpu_shares: anything,
  cpus: anything,
  cpuset: anything,
  credential_spec: isolation,
  depends_on: anything,
  deploy,
  device_cgroup_rules: devices,
  devices,
  dns: anything,
  dns_opt: anything,
  dns_search: anything,
  domainname: anything,
  entrypoint: anything,
  env_file: each(textOrPath()),
  environment: anything,
  expose: anything,
  extends: (value, path, scope) =>
    absent('other compose files cannot be used')(lookup(value, 'file'), `${path}.file`, scope),
  external_links: absent('containers outside of the component', 'external-networks'),
  extra_hosts: anything,
  gpus: devices,
  group_add: anything,
  healthcheck: anything,
  hostname: anything,
  image: anything,
  init: anything,
  ipc: namespace('none', 'private', 'shareable'),
  label_file: each(textOrPath()),
  labels: anything,
  links: each(link),
  logging,
  mac_address: anything,
  mem_limit: anything,
  mem_reservation: anything,
  mem_swappiness: anything,
  memswap_limit: anything,
  network_mode: networkMode,
  networks: listOrNamed(attachment),
  // A workload that the kernel never ends takes the device with it.
  oom_kill_disable: absent('protection from running out of memory', 'security-options'),
  oom_score_adj: absent('protection from running out of memory', 'security-options'),
  pid: namespace(),
  pids_limit: anything,
  platform: anything,
  ports: anything,
  post_start: each(hook),
  pre_stop: each(hook),
  privileged: off('a privileged container owns the device', 'privileged'),
  profiles: anything,
  provider: absent('programs of the device are not for a component to run'),
  pull_policy: anything,
  read_only: anything,
  restart: anything,
  runtime: isolation,
  scale: anything,
  secrets: each(use),
  security_opt: each(securityOption),
  shm_size: anything,
  stdin_open: anything,
  stop_grace_period: anything,
  stop_signal: anything,
  storage_opt: only({ size: anything }),
  sysctls: isolation,
  tmpfs: anything,
  tty: anything,
  ulimits: anything,
  use_api_socket: off("the engine's socket", 'docker-socket'),
  user: anything,
  userns_mode: namespace(),
  uts: namespace(),
  volumes: each(volume),
  volumes_from: each(volumesFrom),
  working_dir: anything,
});

/** A file's path, or a mapping with it. */
function textOrPath(): Rule {
  const long = only({ path: fileInside, required: anything, format: anything });
  return (value, path, scope) => (fields(value) ? long : fileInside)(value, path, scope);
}

/** `source:target[:mode]`; without a colon it is an anonymous volume. */
function shortSource(mounted: string | undefined): string | undefined {
  const colon = mounted?.indexOf(':') ?? -1;
  return colon < 0 ? undefined : mounted?.slice(0, colon);
}

function isPath(source: string): boolean {
  return /^[./~\\]|^[A-Za-z]:[\\/]|\//.test(source);
}
