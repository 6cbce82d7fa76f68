import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type Docker from 'dockerode';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { buildImage, type DockerPart, describeWith, type RegistryPart } from '../parts/index.js';
import type { Deployment } from './northbound.js';
import { chance } from './random.js';
import { margoYaml, pushComponent, pushPackage } from './samples.js';
import { makeSite, type Site } from './site.js';

const patience = { timeout: 45_000, interval: 100 };
const credentials = { username: 'ada', password: 'lovelace' };
const seed = Number(process.env['TUTTI_SEED'] ?? Date.now() % 1_000_000);

/** One service that answers a health check, and one that adds a line to a volume at each start. */
const compose = (image: string, version: string): string => `
services:
  web:
    image: ${image}
    stop_signal: SIGKILL
    command: [sh, -c, 'echo "${version} $$GREETING" > /tmp/index.html; exec httpd -f -p 8080 -h /tmp']
    healthcheck: { test: [CMD, wget, -q, -O-, 'http://127.0.0.1:8080/index.html'], interval: 1s, retries: 20 }
    depends_on: [writer]
  writer:
    image: ${image}
    stop_signal: SIGKILL
    command: [sh, -c, 'echo "${version} $$GREETING" >> /data/lines; exec sleep 100000']
    volumes: ['data:/data']
volumes: { data: {} }
`;

describeWith(['docker', 'registry'], `deployments to a device with a Docker engine (TUTTI_SEED=${seed})`, (start) => {
  let docker: DockerPart;
  let images: RegistryPart;
  let site: Site;
  let device: string;
  let first: string;
  let second: string;

  beforeAll(async () => {
    [docker, images] = await Promise.all([start.docker(), start.registry({ credentials })]);
    const image = `${images.host}/private/box:1`;
    await buildImage(docker, image);
    await movedToRegistry(image);
    const login = `{ host: "${images.host}", username: ${credentials.username}, password: ${credentials.password} }`;
    site = await makeSite({
      agentProfile: 'agent.docker.yaml',
      adaptAgent: (yaml) =>
        yaml.replace('{ type: target.docker }', `{ type: target.docker, config: { registries: [${login}] } }`),
      agentEnv: docker.env,
    });
    await site.wfm.start();
    const load = async (version: string): Promise<string> => {
      const to = site.registry();
      await pushComponent(to, 'components/stack', version, 'compose', { 'compose.yaml': compose(image, version) });
      const components = { stack: 'components/stack' };
      const yaml = { id: 'com-acme-stack', version, type: 'compose', components, timeout: '30s' } as const;
      await pushPackage(to, 'packages/stack', margoYaml(site.host, yaml));
      return site.api.import(`stack-${version}`, 'packages/stack', version);
    };
    [first, second] = [await load('1.0.0'), await load('2.0.0')];
    await site.agent.start();
    device = await site.api.onlyDevice();
  }, 120_000);
  afterEach(async () => {
    if (!site) return;
    for (const { id } of await site.api.deployments()) await site.api.remove(id);
    await removed();
  });
  afterAll(async () => {
    await site?.close();
    await Promise.all([docker?.stop(), images?.stop()]);
  });

  /** The engine has it no more and must pull it. */
  const movedToRegistry = async (image: string): Promise<void> => {
    const pushed = await docker.client
      .getImage(image)
      .push({ authconfig: { ...credentials, serveraddress: images.host } });
    let said = '';
    pushed.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await finished(pushed, { writable: false });
    if (said.includes('"error"')) throw new Error(`the push of ${image} failed: ${said}`);
    await docker.client.getImage(image).remove({ force: true });
  };

  /** What really runs, as the engine tells it: services of a deployment, with what they were started with. */
  const services = async (): Promise<string[]> => {
    const containers = await docker.client.listContainers({ all: true });
    const found = containers.map(async ({ Id, Labels, State, Status }) => {
      const { Config } = await docker.client.getContainer(Id).inspect();
      const greeting = Config.Env.find((line) => line.startsWith('GREETING='))?.slice('GREETING='.length);
      const version = /echo "(\S+)/.exec(Config.Cmd.join(' '))?.[1];
      const health = Status.includes('(healthy)') ? ' healthy' : '';
      return `${Labels['com.docker.compose.service']} ${version} ${greeting} ${State}${health}`;
    });
    return (await Promise.all(found)).sort();
  };
  const runs = (version: string, greeting: string): Promise<void> =>
    vi.waitFor(
      async () =>
        expect(await services()).toEqual([
          `web ${version} ${greeting} running healthy`,
          `writer ${version} ${greeting} running`,
        ]),
      patience,
    );
  const reported = (id: string, state: string): Promise<Deployment | undefined> =>
    vi.waitFor(async () => {
      const deployment = await site.api.deployment(id);
      expect(deployment).toMatchObject({ status: { state } });
      return deployment;
    }, patience);
  const removed = (): Promise<void> =>
    vi.waitFor(async () => {
      expect(await site.api.deployments()).toEqual([]);
      expect(await services()).toEqual([]);
      const networks = await docker.client.listNetworks();
      expect(networks.map(({ Name }) => Name).sort()).toEqual(['host', 'none']);
    }, patience);
  const container = async (service: string): Promise<string> => {
    const filters = { label: [`com.docker.compose.service=${service}`] };
    const [only] = await docker.client.listContainers({ all: true, filters });
    if (!only) throw new Error(`there is no container of ${service}`);
    return only.Id;
  };
  const startOf = async (service: string): Promise<string> =>
    (await docker.client.getContainer(await container(service)).inspect()).State.StartedAt;
  /** What the writer of each start left in the deployment's volume. */
  const lines = async (): Promise<string> => {
    const { Mounts } = await docker.client.getContainer(await container('writer')).inspect();
    return readFileSync(join(Mounts[0]?.Source ?? '', 'lines'), 'utf8');
  };

  it('are installed from private images, changed without losing data, and removed', async () => {
    const { id } = await site.api.deploy('stack', first, device);
    await runs('1.0.0', 'hello');
    await reported(id, 'INSTALLED');
    await site.api.update(id, { parameters: { greeting: 'bonjour' } });
    await runs('1.0.0', 'bonjour');
    await reported(id, 'INSTALLED');
    await site.api.update(id, { packageId: second });
    await runs('2.0.0', 'bonjour');
    expect(await reported(id, 'INSTALLED')).toMatchObject({ spec: { version: '2.0.0' } });
    expect(await lines()).toBe('1.0.0 hello\n1.0.0 bonjour\n2.0.0 bonjour\n');
    await site.api.remove(id);
    await removed();
    // Data is kept unless somebody purges it.
    expect((await docker.client.listVolumes()).Volumes).toHaveLength(1);
  });

  it('are there again after a container was killed or removed by hand', async () => {
    const { id } = await site.api.deploy('stack', first, device);
    await runs('1.0.0', 'hello');
    await reported(id, 'INSTALLED');
    for (const [service, kill] of [
      ['web', (it: Docker.Container) => it.kill()],
      ['writer', (it: Docker.Container) => it.remove({ force: true })],
    ] as const) {
      const before = await startOf(service);
      await kill(docker.client.getContainer(await container(service)));
      await vi.waitFor(async () => expect(await startOf(service)).not.toBe(before), patience);
      await runs('1.0.0', 'hello');
      await reported(id, 'INSTALLED');
    }
  });

  it('are there again, and with their data, after the engine was killed and came back', async () => {
    const { id } = await site.api.deploy('stack', first, device);
    await runs('1.0.0', 'hello');
    await reported(id, 'INSTALLED');
    await docker.kill();
    await docker.restart();
    await runs('1.0.0', 'hello');
    await reported(id, 'INSTALLED');
    expect(await lines()).toBe('1.0.0 hello\n1.0.0 hello\n');
  });

  it('become whole after the agent was killed in the middle', async () => {
    const random = chance(seed);
    const { id } = await site.api.deploy('stack', first, device, { greeting: 'begun' });
    const changes = [
      { version: '1.0.0', change: async () => undefined },
      { version: '2.0.0', change: () => site.api.update(id, { packageId: second }) },
      { version: '1.0.0', change: () => site.api.update(id, { packageId: first }) },
    ];
    for (const { version, change } of changes) {
      await change();
      // The moment is the point of it: nothing that could be waited for marks it.
      await pause(random.below(3_000));
      await site.agent.kill();
      await site.agent.start();
      await runs(version, 'begun');
      expect(await reported(id, 'INSTALLED')).toMatchObject({ spec: { version } });
    }
    await site.api.remove(id);
    await pause(random.below(500));
    await site.agent.kill();
    await site.agent.start();
    await removed();
  }, 120_000);
});
