import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { composeFaults } from './compose-file.js';

const service = (yaml: string): unknown => ({ services: { web: { image: 'web:1', ...(parse(yaml) as object) } } });

it('accepts an ordinary application', () => {
  const document = parse(`
services:
  web:
    image: registry.example/web:1
    env_file: web.env
    ports: ['8080:80']
    volumes: ['data:/data', '/anonymous']
    security_opt: ['no-new-privileges:true']
    depends_on: { db: { condition: service_healthy } }
    configs: [settings]
  db:
    image: registry.example/db:1
    network_mode: service:web
    volumes: [{ type: volume, source: data, target: /data }, { type: tmpfs, target: /tmp }]
volumes: { data: {} }
configs: { settings: { file: ./settings.json } }
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
])('refuses %s always', (yaml, fault) => {
  expect(composeFaults(service(yaml)).join()).toContain(fault);
});

describe('the whole file', () => {
  const whole = (yaml: string): string[] =>
    composeFaults(parse(`services: { web: { image: a } }\n${yaml}`), ['bind-mounts']);

  it.each([
    ["include: ['oci://x/y']", 'include: other compose files'],
    ['secrets: { key: { file: key.pem } }', 'secrets.key.file: an archive must not hold secrets'],
    ['configs: { a: { file: /etc/shadow } }', 'configs.a.file: must be a relative path'],
    ['volumes: { a: { external: true } }', 'volumes.a:'],
    ['volumes: { a: { name: other_data } }', 'volumes.a:'],
  ])('refuses %s', (yaml, fault) => {
    expect(whole(yaml).join()).toContain(fault);
  });

  it('refuses a bind mount through the local volume driver', () => {
    const document = parse(
      'services: { web: { image: a } }\nvolumes: { a: { driver_opts: { type: none, o: bind, device: /etc } } }',
    );
    expect(composeFaults(document).join()).toContain('volumes.a.driver_opts: bind mounts (/etc)');
  });

  it.each([[null], ['text'], [[]], [{}], [{ services: {} }], [{ services: { web: null } }]])(
    'refuses %j, which holds no service',
    (document) => expect(composeFaults(document)).not.toEqual([]),
  );
});

it('tells every fault at once', () => {
  expect(composeFaults(service("privileged: true\npid: host\nvolumes: ['/:/h', '/etc:/e']"))).toHaveLength(4);
});

it("takes the names that Compose itself gave a component's volumes", () => {
  const resolved = { name: 'p', services: { web: {} }, volumes: { data: { name: 'p_data' } } };
  expect(composeFaults(resolved)).toEqual([]);
  expect(composeFaults({ ...resolved, volumes: { data: { name: 'q_data' } } })).toHaveLength(1);
});
