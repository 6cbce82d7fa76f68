import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { composeFaults } from './compose-file.js';

const service = (yaml: string): unknown => ({ services: { web: { image: 'web:1', ...(parse(yaml) as object) } } });

it('accepts an ordinary application', () => {
  const document = parse(`
name: line
x-note: { anything: [goes] }
services:
  web:
    image: registry.example/web:1
    x-note: here too
    command: [serve]
    entrypoint: /entry
    environment: { A: b }
    env_file: web.env
    ports: ['8080:80']
    expose: [9000]
    volumes: ['data:/data', '/anonymous']
    tmpfs: /run
    networks: { front: { aliases: [w] }, default: }
    security_opt: ['no-new-privileges:true']
    depends_on: { db: { condition: service_healthy } }
    links: ['db:store']
    configs: [settings, { source: words, target: /words }]
    secrets: [token]
    healthcheck: { test: [CMD, 'true'], interval: 1s }
    restart: unless-stopped
    deploy: { replicas: 2, resources: { limits: { cpus: '0.5', memory: 64M }, reservations: { memory: 32M } } }
    labels: [a=b]
    ulimits: { nofile: 1024 }
    user: '1000'
    working_dir: /srv
    init: true
    stop_signal: SIGTERM
    stop_grace_period: 3s
    cap_drop: [ALL]
    read_only: true
    shm_size: 64m
    mem_limit: 64m
    cpus: 0.5
    logging: { driver: json-file, options: { max-size: 1m, max-file: '3' } }
    hostname: web
    extra_hosts: ['a:10.0.0.1']
    platform: linux/amd64
    pull_policy: missing
    profiles: [all]
    stdin_open: true
    tty: true
    dns: 1.1.1.1
    sysctls: []
    post_start: [{ command: [prepare], user: app }]
  db:
    image: registry.example/db:1
    network_mode: service:web
    volumes: [{ type: volume, source: data, target: /data }, { type: tmpfs, target: /tmp, tmpfs: { size: 1000 } }]
    volumes_from: [web]
volumes: { data: {}, memory: { driver_opts: { type: tmpfs, device: tmpfs, o: 'size=1m,uid=1000' } } }
networks: { front: { driver: bridge, internal: true, ipam: { config: [{ subnet: 10.9.0.0/24 }] } } }
configs: { settings: { file: ./settings.json }, words: { content: hello } }
secrets: { token: { environment: TOKEN } }
`);
  expect(composeFaults(document)).toEqual([]);
});

it.each([
  ["volumes: ['/etc:/host']", 'services.web.volumes[0]: bind mounts (/etc)', 'bind-mounts'],
  ["volumes: ['./data:/data:ro']", 'services.web.volumes[0]: bind mounts (./data)', 'bind-mounts'],
  ["volumes: ['~/x:/x']", 'services.web.volumes[0]: bind mounts (~/x)', 'bind-mounts'],
  ["volumes: ['a/b:/x']", 'services.web.volumes[0]: bind mounts (a/b)', 'bind-mounts'],
  ['volumes: [{type: bind, source: /, target: /h}]', 'services.web.volumes[0]: bind mounts (/)', 'bind-mounts'],
  ["volumes: ['/var/run/docker.sock:/s']", "services.web.volumes[0]: the engine's socket", 'docker-socket'],
  ["volumes: ['/var/run:/s']", "services.web.volumes[0]: the engine's socket", 'docker-socket'],
  ['use_api_socket: true', 'services.web.use_api_socket', 'docker-socket'],
  ['privileged: true', 'services.web.privileged', 'privileged'],
  ["privileged: 'yes'", 'services.web.privileged', 'privileged'],
  ['network_mode: host', 'services.web.network_mode', 'host-namespaces'],
  ['pid: host', 'services.web.pid', 'host-namespaces'],
  ['ipc: host', 'services.web.ipc', 'host-namespaces'],
  ['uts: host', 'services.web.uts', 'host-namespaces'],
  ['userns_mode: host', 'services.web.userns_mode', 'host-namespaces'],
  ['cgroup: host', 'services.web.cgroup', 'host-namespaces'],
  ["pid: 'container:abc'", 'services.web.pid', 'host-namespaces'],
  ["devices: ['/dev/sda']", 'services.web.devices', 'devices'],
  ["device_cgroup_rules: ['a *:* rwm']", 'services.web.device_cgroup_rules', 'devices'],
  ['gpus: all', 'services.web.gpus', 'devices'],
  [
    'deploy: {resources: {reservations: {devices: [{capabilities: [gpu]}]}}}',
    'services.web.deploy.resources.reservations.devices',
    'devices',
  ],
  ['cap_add: [SYS_ADMIN]', 'services.web.cap_add', 'capabilities'],
  ["security_opt: ['seccomp:unconfined']", 'services.web.security_opt', 'security-options'],
  ['cgroup_parent: /', 'services.web.cgroup_parent', 'security-options'],
  ["volumes_from: ['container:abc']", 'services.web.volumes_from', 'external-volumes'],
  ['build: .', 'services.web.build', 'build'],
  ['post_start: [{command: a, privileged: true}]', 'services.web.post_start[0].privileged', 'privileged'],
  ['pre_stop: [{command: a, privileged: true}]', 'services.web.pre_stop[0].privileged', 'privileged'],
  ['network_mode: other_default', 'services.web.network_mode: a network outside of the component', 'external-networks'],
  ['network_mode: bridge', 'services.web.network_mode: a network outside of the component', 'external-networks'],
  ['network_mode: service:other', 'services.web.network_mode', 'host-namespaces'],
  ['external_links: [other-db-1]', 'services.web.external_links', 'external-networks'],
  ['links: [other-db-1]', 'services.web.links[0]', 'external-networks'],
  ['volumes_from: [other]', 'services.web.volumes_from[0]', 'external-volumes'],
  ['sysctls: {net.ipv4.ip_forward: 1}', 'services.web.sysctls', 'security-options'],
  ['runtime: kata', 'services.web.runtime', 'security-options'],
  ['annotations: {run.oci.hooks: x}', 'services.web.annotations', 'security-options'],
  ['credential_spec: {file: x}', 'services.web.credential_spec', 'security-options'],
  ['oom_score_adj: -1000', 'services.web.oom_score_adj', 'security-options'],
  ['logging: {driver: syslog}', 'services.web.logging.driver', 'logging'],
  ['logging: {options: {syslog-address: "tcp://x:1"}}', 'services.web.logging.options.syslog-address', 'logging'],
] as const)('refuses %s unless it is allowed', (yaml, fault, permission) => {
  const faults = composeFaults(service(yaml));
  expect(faults).toHaveLength(1);
  expect(faults[0]).toContain(fault);
  expect(faults[0]).toContain(permission);
  expect(composeFaults(service(yaml), [permission])).toEqual([]);
});

it.each([
  ['env_file: /etc/shadow', '/etc/shadow must be a relative path'],
  ['env_file: [a.env, ../b.env]', '../b.env must be a relative path'],
  ['env_file: [{path: $HOME/x}]', 'must be a relative path'],
  ['label_file: /etc/passwd', 'must be a relative path'],
  ['extends: {file: ../other.yaml, service: web}', 'services.web.extends.file'],
  ['provider: {type: sh}', 'services.web.provider: programs of the device'],
  ['develop: {watch: []}', 'services.web.develop: is unknown'],
  ['models: [llm]', 'services.web.models: is unknown'],
  ['isolation: process', 'services.web.isolation: is unknown'],
  ['constructor: x', 'services.web.constructor: is unknown'],
  ['__proto__: {a: b}', 'services.web.__proto__: is unknown'],
  ['deploy: {surprise: 1}', 'services.web.deploy.surprise: is unknown'],
  ['post_start: [{command: a, surprise: 1}]', 'services.web.post_start[0].surprise: is unknown'],
  ['networks: {default: {driver_opts: {a: b}}}', 'services.web.networks.default.driver_opts: is unknown'],
  ['volumes: [{type: image, source: a, target: /a}]', 'services.web.volumes[0].type: only'],
  ['volumes: [{type: volume, source: /etc, target: /a}]', 'services.web.volumes[0].source: must be the name'],
])('refuses %s always', (yaml, fault) => {
  expect(composeFaults(service(yaml)).join()).toContain(fault);
});

describe('the whole file', () => {
  const whole = (yaml: string): string[] =>
    composeFaults(parse(`services: { web: { image: a } }\n${yaml}`), ['bind-mounts']);

  it.each([
    ["include: ['oci://x/y']", 'include: other compose files'],
    ['secrets: { key: { file: key.pem } }', 'secrets.key.file: an archive must not hold secrets'],
    ['configs: { a: { file: /etc/shadow } }', 'configs.a.file: /etc/shadow must be a relative path'],
    ['name: a\nconfigs: { a: { file: /etc/shadow } }', 'configs.a.file: /etc/shadow must be a relative path'],
    ['configs: { a: { external: true } }', 'configs.a.external:'],
    ['networks: { a: { external: true } }', 'networks.a.external:'],
    ['networks: { a: { name: other_default } }', 'networks.a.name:'],
    ['name: p\nnetworks: { a: { name: p_a } }', 'networks.a.name:'],
    ['networks: { a: { driver: macvlan } }', 'networks.a.driver:'],
    ['networks: { a: { driver_opts: { com.docker.network.bridge.name: docker0 } } }', 'networks.a.driver_opts.com'],
    ['networks: { a: { surprise: 1 } }', 'networks.a.surprise: is unknown'],
    ['models: { llm: { model: a } }', 'models: is unknown'],
    ['volumes: { a: { driver: other } }', 'volumes.a.driver:'],
    ['volumes: { a: { driver_opts: { type: nfs, o: addr=x, device: ":/x" } } }', 'volumes.a.driver_opts: data outside'],
    ['volumes: { a: { external: true } }', 'volumes.a.external:'],
    ['volumes: { a: { name: other_data } }', 'volumes.a.name:'],
  ])('refuses %s', (yaml, fault) => {
    expect(whole(yaml).join()).toContain(fault);
  });

  it.each([
    '{ type: none, o: bind, device: /etc }',
    '{ type: none, o: rbind, device: etc }',
    '{ type: tmpfs, o: "size=1m,bind", device: etc }',
    '{ type: overlay, o: "lowerdir=/,upperdir=/a,workdir=/b", device: overlay }',
    '{ type: ext4, device: sda1 }',
  ])('refuses a bind mount through the local volume driver: %s', (options) => {
    const document = parse(`services: { web: { image: a } }\nvolumes: { a: { driver_opts: ${options} } }`);
    expect(composeFaults(document).join()).toContain('volumes.a.driver_opts: bind mounts (');
  });

  it.each([[null], ['text'], [[]], [{}], [{ services: {} }], [{ services: { web: null } }]])(
    'refuses %j, which holds no service',
    (document) => expect(composeFaults(document)).not.toEqual([]),
  );
});

it('tells every fault at once', () => {
  expect(composeFaults(service("privileged: true\npid: host\nvolumes: ['/:/h', '/etc:/e']"))).toHaveLength(4);
});

describe('the model that Compose resolved', () => {
  const by = { project: 'p', directory: '/srv/p/files/app' };
  const model = (more: object): string[] => composeFaults({ name: 'p', services: { web: {} }, ...more }, [], by);

  it.each([
    [{ volumes: { data: { name: 'p_data' } } }, { volumes: { data: { name: 'q_data' } } }],
    [{ networks: { default: { name: 'p_default', ipam: {} } } }, { networks: { default: { name: 'q_default' } } }],
    [{ configs: { a: { file: '/srv/p/files/app/a.json' } } }, { configs: { a: { file: '/etc/shadow' } } }],
    [{ services: { web: { image: 'a' } } }, { services: { web: { network_mode: '$$x' } } }],
  ])('may have %j, not %j', (own, foreign) => {
    expect(model(own)).toEqual([]);
    expect(model(foreign)).toHaveLength(1);
  });

  it('is what values to be interpolated are judged in', () => {
    const written = service("network_mode: $NET\nprivileged: $YES\nlogging: { driver: $LOG }\nlinks: ['$OTHER']");
    expect(composeFaults(written)).toEqual([]);
  });
});
