import { readdirSync } from 'node:fs';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { DesiredComponent, TargetFault } from '../../../core/plugin/index.js';
import { buildImage, type DockerPart, describeWith, type RegistryPart } from '../../../test/parts/index.js';
import { application, type DockerTrial, dockerTrial, pushComponent } from '../../../test/target/docker-trial.js';
import { call, faultOf } from '../../../test/target/trial.js';

const service = (lines: string): string =>
  `services:\n  web:\n    image: box:1\n    stop_signal: SIGKILL\n${lines.replace(/^/gm, '    ')}\n`;
const sleeping = service('command: [sleep, "1000"]');

describeWith(['docker', 'registry'], 'a component that cannot be', (start) => {
  let docker: DockerPart;
  let registry: RegistryPart;
  let trial: DockerTrial;

  beforeAll(async () => {
    [docker, registry] = await Promise.all([start.docker(), start.registry()]);
    await buildImage(docker, 'box:1');
  });
  afterAll(async () => {
    await Promise.all([docker.stop(), registry.stop()]);
  });
  beforeEach(async () => {
    trial = await dockerTrial(docker, registry);
  });
  afterEach(async () => {
    for (const { id, name, components } of await trial.target.actual()) {
      for (const component of components) await trial.target.remove({ id, name }, component.name, true, call());
    }
    await trial.dispose();
  });

  /** Pushes the archive, applies it, and gives the fault. */
  const refused = async (
    files: Parameters<typeof pushComponent>[3],
    change: Partial<DesiredComponent> = {},
    as: Parameters<typeof pushComponent>[4] = {},
  ): Promise<TargetFault> => {
    const repository = await pushComponent(trial, 'web', '1.0.0', files, as);
    return faultOf(trial.target.apply(application(repository, '1.0.0', change), 'monitor', call()));
  };
  const nothingStarted = async (): Promise<void> =>
    expect(await docker.client.listContainers({ all: true })).toEqual([]);

  it('fails at once, with its last words, when a container ends with an exit code', async () => {
    const began = performance.now();
    const fault = await refused({ 'compose.yaml': service(`command: [sh, -c, 'echo no database; exit 3']`) });
    expect(fault).toMatchObject({ code: 'start', retry: true });
    expect(fault.message).toMatch(/service web \(\S+\) ended with exit code 3 at \d{4}-/);
    expect(fault.message).toContain('no database');
    expect(performance.now() - began).toBeLessThan(10_000);
    const [found] = await trial.target.actual();
    const reason = expect.stringMatching(/^service web \(\S+\) ended with exit code 3 at \d{4}-/);
    expect(found?.components[0]).toMatchObject({ phase: 'failed', reason });
  });

  it('fails at once when it is restarted again and again', async () => {
    const fault = await refused({
      'compose.yaml': service(`restart: always\ncommand: [sh, -c, 'echo again; exit 4']`),
    });
    expect(fault).toMatchObject({ code: 'start' });
    expect(fault.message).toContain('exit code 4');
  });

  it('fails at once when one service ends while another is still waited for', async () => {
    const began = performance.now();
    const fault = await refused({
      'compose.yaml': `
services:
  slow:
    image: box:1
    command: [sleep, '1000']
    stop_signal: SIGKILL
    healthcheck: { test: [CMD, 'false'], interval: 60s, start_period: 60s }
  bad: { image: box:1, command: [sh, -c, 'exit 5'] }
  last: { image: box:1, depends_on: { slow: { condition: service_healthy } } }
`,
    });
    expect(fault).toMatchObject({ code: 'start' });
    expect(fault.message).toMatch(/service bad \(\S+\) ended with exit code 5/);
    expect(performance.now() - began).toBeLessThan(15_000);
  });

  it('fails when its command is not there', async () => {
    const fault = await refused({ 'compose.yaml': service('command: [/no/such/program]') });
    expect(fault).toMatchObject({ code: 'start' });
    expect(fault.message).toContain('/no/such/program');
  });

  it('is unhealthy when its health check says so', async () => {
    const fault = await refused({
      'compose.yaml': service(
        `command: [sleep, '1000']\nhealthcheck: { test: [CMD-SHELL, 'echo pump is dry; false'], interval: 1s, retries: 1 }`,
      ),
    });
    expect(fault).toMatchObject({ code: 'unhealthy', retry: true });
    expect(fault.message).toContain('pump is dry');
  });

  it('is too late when it is not healthy within its time', async () => {
    const fault = await refused(
      {
        'compose.yaml': service(
          `command: [sleep, '1000']\nhealthcheck: { test: [CMD, 'false'], interval: 60s, start_period: 60s }`,
        ),
      },
      { timeout: 3_000 },
    );
    expect(fault).toMatchObject({ code: 'timeout', retry: true });
    expect(fault.message).toMatch(
      /^monitor does not run after 3 s: service web \(\S+\) is not healthy yet, started \d/,
    );
  });

  it('is not waited for when it asks for that', async () => {
    const text = service(`command: [sleep, '1000']\nhealthcheck: { test: [CMD, 'false'], interval: 60s }`);
    const repository = await pushComponent(trial, 'web', '1.0.0', { 'compose.yaml': text });
    await trial.target.apply(application(repository, '1.0.0', { wait: false }), 'monitor', call());
    const [found] = await trial.target.actual();
    expect(found?.components[0]).toMatchObject({ phase: 'installing' });
  });

  it('is told every fault, and nothing is started', async () => {
    const fault = await refused({
      'compose.yaml': service("privileged: true\npid: host\nvolumes: ['/:/host', '/var/run/docker.sock:/s']"),
    });
    expect(fault).toMatchObject({ code: 'invalid', retry: false });
    expect(fault.message.split('\n')).toHaveLength(5);
    await nothingStarted();
  });

  it('cannot hide a bind mount behind a parameter', async () => {
    const fault = await refused(
      { 'compose.yaml': service("command: [sleep, '1000']\nvolumes: ['$WHERE:/host']") },
      { parameters: { WHERE: '/etc' } },
    );
    expect(fault).toMatchObject({ code: 'invalid' });
    expect(fault.message).toContain('bind mounts (/etc)');
    await nothingStarted();
  });

  it.each([
    ['a file of the device as a config', 'name: mine\nconfigs: { a: { file: /etc/passwd } }', '/etc/passwd must be'],
    ['a network that is not its own', 'networks: { default: { name: $NET } }', 'networks.default.name: networks with'],
  ])('cannot have %s', async (_what, more, reason) => {
    const fault = await refused({ 'compose.yaml': `${sleeping}${more}` }, { parameters: { NET: 'other_default' } });
    expect(fault).toMatchObject({ code: 'invalid', retry: false });
    expect(fault.message).toContain(reason);
    await nothingStarted();
  });

  it('starts with everything that an ordinary application says', async () => {
    const text = `
name: line
services:
  web:
    image: box:1
    command: [sleep, '1000']
    stop_signal: SIGKILL
    env_file: [{ path: web.env, required: true }]
    expose: [9000]
    volumes: ['data:/data', { type: tmpfs, target: /scratch, tmpfs: { size: 100000 } }]
    tmpfs: [/run]
    networks: { front: { aliases: [w] } }
    security_opt: ['no-new-privileges:true']
    depends_on: { db: { condition: service_started } }
    configs: [{ source: settings, target: /settings.txt }]
    deploy: { replicas: 1, resources: { limits: { memory: 64M } } }
    logging: { driver: json-file, options: { max-size: 1m } }
    labels: { a: b }
    cap_drop: [ALL]
    read_only: true
    init: false
    hostname: web
    extra_hosts: ['a:10.0.0.1']
    ulimits: { nofile: 1024 }
  db: { image: box:1, command: [sleep, '1000'], stop_signal: SIGKILL, networks: [front] }
volumes: { data: {} }
networks: { front: { internal: true } }
configs: { settings: { file: ./settings.txt } }
`;
    const files = { 'compose.yaml': text, 'web.env': 'A=b', 'settings.txt': 'hello' };
    const repository = await pushComponent(trial, 'web', '1.0.0', files);
    await trial.target.apply(application(repository, '1.0.0'), 'monitor', call());
    expect((await trial.target.actual())[0]?.components[0]).toMatchObject({ phase: 'running' });
  });

  it.each([
    ['that is not YAML', 'services: [', 'compose.yaml:'],
    ['with a key that Compose does not know', 'services: { web: { image: box:1, colour: red } }', 'colour'],
  ])('is refused with a compose file %s', async (_what, text, reason) => {
    const fault = await refused({ 'compose.yaml': text });
    expect(fault).toMatchObject({ code: 'invalid', retry: false });
    expect(fault.message).toContain(reason);
  });

  it('names an image that cannot be pulled', async () => {
    const image = `${registry.host}/none:1`;
    const fault = await refused({ 'compose.yaml': `services: { web: { image: '${image}' } }` });
    expect(fault).toMatchObject({ code: 'artifact', retry: true });
    expect(fault.message).toContain(`image ${image} cannot be pulled`);
  });

  const entry = (name: string, more: Partial<Header> = {}): Header => ({ name, type: 'file', ...more }) as Header;
  it.each([
    ['a path out of the directory', [entry('../evil')], 'evil'],
    ['an absolute path', [entry('/etc/evil')], 'evil'],
    ['a link out of the archive', [entry('a/x', { type: 'symlink', linkname: '/etc' })], 'leaves the archive'],
    ['two directories', [entry('a/compose.yaml'), entry('b/compose.yaml')], 'exactly one directory, and holds a, b'],
    ['a file beside the directory', [entry('a/compose.yaml'), entry('README')], 'exactly one directory'],
    ['another spelling', [entry('a/docker-compose.yml')], 'there is no a/compose.yaml'],
    [
      'a compose.yaml that is a directory',
      [entry('a/compose.yaml', { type: 'directory' })],
      'there is no a/compose.yaml',
    ],
    ['nothing', [], 'exactly one directory'],
  ])('is refused with an archive of %s', async (_what, entries, reason) => {
    const fault = await refused(await archive(entries));
    expect(fault).toMatchObject({ code: 'artifact', retry: false });
    expect(fault.message).toContain(reason);
    expect(readdirSync(trial.dataDir, { recursive: true }).filter((name) => String(name).includes('evil'))).toEqual([]);
    await nothingStarted();
  });

  it('is refused when the archive is damaged', async () => {
    const whole = await archive([entry('a/compose.yaml')], sleeping.repeat(200));
    const fault = await refused(whole.subarray(0, whole.length - 20));
    expect(fault).toMatchObject({ code: 'artifact', retry: false });
  });

  it('is refused when the archive is a bomb', async () => {
    await trial.dispose();
    trial = await dockerTrial(docker, registry, { archiveBytes: 100_000 });
    const fault = await refused({ 'compose.yaml': sleeping, zeros: '0'.repeat(1_000_000) });
    expect(fault).toMatchObject({ code: 'artifact', retry: false });
    expect(fault.message).toContain('100000 bytes');
  });

  it.each([
    ['artifactType', 'application/vnd.other'],
    ['layerType', 'application/x-tar'],
  ])('is refused with another %s', async (field, type) => {
    const fault = await refused({ 'compose.yaml': sleeping }, {}, { [field]: type });
    expect(fault).toMatchObject({ code: 'artifact', retry: false });
    expect(fault.message).toContain(type);
  });

  it('is refused when it is of another deployment type, or not there', async () => {
    const of = application('oci://127.0.0.1:1/x', '1');
    const helm = await faultOf(trial.target.apply({ ...of, deploymentType: 'helm' }, 'monitor', call()));
    expect(helm).toMatchObject({ code: 'unsupported', retry: false });
    expect(await faultOf(trial.target.apply(of, 'other', call()))).toMatchObject({ code: 'invalid', retry: false });
  });

  it('leaves something to go on with when it is aborted', async () => {
    const text = service(`command: [sleep, '1000']\nhealthcheck: { test: [CMD, 'false'], interval: 60s }`);
    const repository = await pushComponent(trial, 'web', '1.0.0', { 'compose.yaml': text });
    const desired = application(repository, '1.0.0');
    const over = new AbortController();
    const applying = trial.target.apply(desired, 'monitor', {
      signal: over.signal,
      progress: (told) => {
        if (told.startsWith('starting')) over.abort(new Error('enough'));
      },
    });
    await expect(applying).rejects.toThrow('enough');
    await trial.target.apply(application(repository, '1.0.0', { wait: false }, desired.id), 'monitor', call());
    expect(await trial.target.actual()).toHaveLength(1);
  });

  it('waits for an engine that is not there: degraded, with a reason', async () => {
    const away = await dockerTrial(docker, registry, { socket: '/nowhere/docker.sock' });
    expect(await faultOf(away.target.actual())).toMatchObject({ code: 'platform', retry: true });
    expect(away.target.health?.()).toMatchObject({ status: 'degraded', reason: expect.stringContaining('/nowhere') });
    await away.dispose();
  });

  it('says so when there is no compose program', async () => {
    const without = await dockerTrial(docker, registry, { compose: '/nowhere/docker-compose' });
    const repository = await pushComponent(without, 'web', '1.0.0', { 'compose.yaml': sleeping });
    const fault = await faultOf(without.target.apply(application(repository, '1.0.0'), 'monitor', call()));
    expect(fault).toMatchObject({ code: 'platform', retry: true });
    expect(fault.message).toContain('/nowhere/docker-compose');
    await without.dispose();
  });
});

async function archive(entries: readonly Header[], content = sleeping): Promise<Uint8Array> {
  const tar = pack();
  for (const entry of entries) {
    if (entry.type === 'file') tar.entry(entry, content);
    else tar.entry(entry);
  }
  tar.finalize();
  return buffer(Readable.from(tar).pipe(createGzip()));
}
