import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { type ActualComponent, type DesiredApplication, RegistryFault } from '../../../core/plugin/index.js';
import { buildImage, type DockerPart, describeWith, type RegistryPart } from '../../../test/parts/index.js';
import { application, type DockerTrial, dockerTrial, pushComponent } from '../../../test/target/docker-trial.js';
import { call } from '../../../test/target/trial.js';
import { labels, projectName } from './project.js';

/** Two services, a health check and a volume. (A shell as process 1 does not react to SIGTERM.) The writer keeps what it finds in the volume and adds a line. */
const compose = (greeting: string): string => `
services:
  web:
    image: box:1
    stop_signal: SIGKILL
    command: [sh, -c, 'echo "\${GREETING:-${greeting}}" > /tmp/index.html; echo serving; exec httpd -f -p 8080 -h /tmp']
    healthcheck: { test: [CMD, wget, -q, -O-, 'http://127.0.0.1:8080/index.html'], interval: 1s, retries: 20 }
    depends_on: [writer]
  writer:
    image: box:1
    stop_signal: SIGKILL
    command: [sh, -c, 'echo "${greeting}" >> /data/lines; cat /data/lines; exec sleep 1000']
    volumes: ['data:/data']
volumes: { data: {} }
`;

describeWith(['docker', 'registry'], 'an application on a Docker engine', (start) => {
  let docker: DockerPart;
  let registry: RegistryPart;
  let trial: DockerTrial;
  let repository: string;
  let desired: DesiredApplication;

  beforeAll(async () => {
    [docker, registry] = await Promise.all([start.docker(), start.registry()]);
    await buildImage(docker, 'box:1');
  });
  afterAll(async () => {
    await Promise.all([docker.stop(), registry.stop()]);
  });
  beforeEach(async () => {
    trial = await dockerTrial(docker, registry);
    repository = await pushComponent(trial, 'monitor', '1.0.0', { 'compose.yaml': compose('one') });
    await pushComponent(trial, 'monitor', '2.0.0', { 'compose.yaml': compose('two') });
    desired = application(repository, '1.0.0');
  });
  afterEach(async () => {
    for (const { id, name, components } of await trial.target.actual()) {
      for (const component of components) await trial.target.remove({ id, name }, component.name, true, call());
    }
    await trial.dispose();
  });

  const apply = (of: DesiredApplication = desired): Promise<void> => trial.target.apply(of, 'monitor', call());
  const actual = async (id = desired.id): Promise<ActualComponent | undefined> =>
    (await trial.target.actual()).find((found) => found.id === id)?.components[0];
  const containers = (): ReturnType<DockerPart['client']['listContainers']> =>
    docker.client.listContainers({ all: true, filters: { label: [`${labels.application}=${desired.id}`] } });
  const container = async (service: string): Promise<string> => {
    const found = (await containers()).find(({ Labels }) => Labels['com.docker.compose.service'] === service);
    if (found === undefined) throw new Error(`no container of ${service}`);
    return found.Id;
  };
  const ids = async (): Promise<string[]> => (await containers()).map(({ Id }) => Id).sort();
  const volumes = async (): Promise<string[]> =>
    (await docker.client.listVolumes()).Volumes.map(({ Name }) => Name).filter((name) =>
      name.startsWith(projectName(desired.id, 'monitor')),
    );

  it('is given up when the target stops, as are watches and what comes later', async () => {
    const target = await trial.again();
    const watching = (async () => {
      for await (const id of target.watch(call().signal)) expect(id).toBe(desired.id);
    })();
    let stopping: unknown;
    const progress = (): void => {
      stopping ??= target.stop?.(new AbortController().signal);
    };
    const fault = { code: 'platform', retry: true, message: 'the target has stopped' };
    await expect(target.apply(desired, 'monitor', { ...call(), progress })).rejects.toMatchObject(fault);
    await stopping;
    await watching;
    await expect(target.remove(desired, 'monitor', true, call())).rejects.toMatchObject(fault);
    expect((await actual())?.phase).not.toBe('running');
  });

  it('is installed, runs and is healthy', async () => {
    const told = call();
    await trial.target.apply(desired, 'monitor', told);
    expect(await trial.target.actual()).toEqual([
      {
        id: desired.id,
        name: 'Line monitor',
        components: [{ name: 'monitor', phase: 'running', applied: expect.stringMatching(/^[0-9a-f]{64}$/) }],
      },
    ]);
    const inspected = await docker.client.getContainer(await container('web')).inspect();
    expect(inspected.State.Health?.Status).toBe('healthy');
    expect(told.told).toEqual([`pulling ${repository}:1.0.0`, 'starting monitor']);
    expect(await trial.target.logs(desired.id, 'monitor', 10)).toEqual(
      expect.arrayContaining(['web | serving', 'writer | one']),
    );
    expect(trial.target.health?.()).toEqual({ status: 'ok' });
  });

  it('is not touched when it is applied again', async () => {
    await apply();
    const before = await Promise.all((await ids()).map((id) => docker.client.getContainer(id).inspect()));
    await apply();
    const after = await Promise.all((await ids()).map((id) => docker.client.getContainer(id).inspect()));
    expect(after.map(({ Id, State }) => [Id, State.StartedAt])).toEqual(
      before.map(({ Id, State }) => [Id, State.StartedAt]),
    );
  });

  it('keeps its data through an update', async () => {
    await apply();
    const first = await actual();
    await apply(application(repository, '2.0.0', {}, desired.id));
    expect(await actual()).toMatchObject({ phase: 'running' });
    expect((await actual())?.applied).not.toBe(first?.applied);
    expect(await trial.target.logs(desired.id, 'monitor', 10)).toEqual(
      expect.arrayContaining(['writer | one', 'writer | two']),
    );
    // Files of the revision before are not kept.
    const files = join(trial.dataDir, 'docker', projectName(desired.id, 'monitor'), 'files');
    expect(readdirSync(files)).toHaveLength(1);
  });

  it('gets parameters by interpolation and in its environment, whatever they hold', async () => {
    const nasty = `it's "$HOME" \${X} \\ #1\nsecond`;
    const parameters = { GREETING: nasty, COUNT: 3, DOCKER_HOST: 'tcp://nowhere:1' };
    desired = application(repository, '1.0.0', { parameters });
    await apply();
    const { Config } = await docker.client.getContainer(await container('web')).inspect();
    expect(Config.Env).toEqual(expect.arrayContaining([`GREETING=${nasty}`, 'COUNT=3', 'DOCKER_HOST=tcp://nowhere:1']));
    // The command was interpolated by Compose: the same text between its quotes.
    expect(Config.Cmd?.[2]).toContain(`echo "${nasty}"`);
  });

  it('is noticed by watch when a container is killed by hand, and repaired by apply', async () => {
    await apply();
    const over = new AbortController();
    const changed = trial.target.watch(over.signal)[Symbol.asyncIterator]();
    // The first is told with the connection: from here on nothing is missed.
    await expect(changed.next()).resolves.toEqual({ done: false, value: desired.id });
    const next = changed.next();
    await docker.client.getContainer(await container('writer')).kill();
    await expect(next).resolves.toEqual({ done: false, value: desired.id });
    over.abort();
    await vi.waitFor(async () =>
      expect(await actual()).toMatchObject({
        phase: 'failed',
        reason: expect.stringMatching(/^service writer \(\S+\) ended with exit code 137 at \d{4}-\d\d-\d\dT/),
      }),
    );
    const web = await container('web');
    await apply();
    expect(await actual()).toMatchObject({ phase: 'running' });
    // The healthy neighbour is left alone.
    expect(await container('web')).toBe(web);
  });

  it('is repaired when a container is removed by hand', async () => {
    await apply();
    await docker.client.getContainer(await container('writer')).remove({ force: true });
    expect(await actual()).toMatchObject({ phase: 'stopped', reason: 'service writer has no container' });
    await apply();
    expect(await actual()).toMatchObject({ phase: 'running' });
  });

  it('needs no registry to be repaired', async () => {
    await apply();
    await docker.client.getContainer(await container('writer')).kill();
    const next = await trial.again();
    vi.spyOn(trial.registry, 'resolve').mockRejectedValue(new RegistryFault('unreachable', 'no network'));
    await next.apply(desired, 'monitor', call());
    expect(await actual()).toMatchObject({ phase: 'running' });
    // What is not here yet cannot be had.
    const update = application(repository, '2.0.0', {}, desired.id);
    await expect(next.apply(update, 'monitor', call())).rejects.toMatchObject({ code: 'artifact', retry: true });
  });

  it('is removed without its data, and with it when asked', async () => {
    await apply();
    expect(await volumes()).toHaveLength(1);
    await trial.target.remove(desired, 'monitor', false, call());
    expect(await trial.target.actual()).toEqual([]);
    expect(await volumes()).toHaveLength(1);
    expect(existsSync(join(trial.dataDir, 'docker', projectName(desired.id, 'monitor')))).toBe(false);

    await apply();
    expect(await trial.target.logs(desired.id, 'monitor', 10)).toContain('writer | one');
    await trial.target.remove(desired, 'monitor', true, call());
    expect(await volumes()).toEqual([]);
    // Absent already is success.
    await trial.target.remove(desired, 'monitor', true, call());
  });

  it('loses the data that an earlier removal kept when it is purged', async () => {
    await apply();
    await trial.target.remove(desired, 'monitor', false, call());
    await trial.target.remove(desired, 'monitor', true, call());
    expect(await volumes()).toEqual([]);
  });

  it('is known, to be finished or removed, when an agent was killed before the files of what it removed were gone', async () => {
    const folder = join(trial.dataDir, 'docker', projectName(desired.id, 'monitor'));
    const gone = async (): Promise<void> => {
      for (const id of await ids()) await docker.client.getContainer(id).remove({ force: true });
    };
    await apply();
    const applied = (await actual())?.applied;
    await gone();
    const next = await trial.again();
    const components = [{ name: 'monitor', phase: 'stopped', applied, reason: 'it has no containers any more' }];
    expect(await next.actual()).toEqual([{ id: desired.id, name: 'Line monitor', components }]);
    await next.apply(desired, 'monitor', call());
    expect(await actual()).toMatchObject({ phase: 'running' });
    await gone();
    await next.remove(desired, 'monitor', true, call());
    expect(await next.actual()).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });

  it('is known, to be finished or removed, when its installation never made a container', async () => {
    const text = `services: { web: { image: '${trial.registryHost}/none:1' } }`;
    const never = await pushComponent(trial, 'never', '1.0.0', { 'compose.yaml': text });
    const secret = application(never, '1.0.0', { parameters: { PASSWORD: 'secret' } }, desired.id);
    await expect(apply(secret)).rejects.toMatchObject({ code: 'artifact' });
    const next = await trial.again();
    const components = [{ name: 'monitor', phase: 'installing', reason: 'its installation is not finished' }];
    expect(await next.actual()).toEqual([{ id: desired.id, name: 'Line monitor', components }]);
    await next.remove(desired, 'monitor', false, call());
    expect(await next.actual()).toEqual([]);
    expect(readdirSync(join(trial.dataDir, 'docker'))).toEqual([]);
  });

  it('is seen by the next process', async () => {
    await apply();
    const next = await trial.again();
    expect(await next.actual()).toEqual(await trial.target.actual());
  });

  it('runs beside others, which are worked on at the same time', async () => {
    const several = [desired, application(repository, '1.0.0'), application(repository, '2.0.0')];
    await Promise.all(several.map((each) => apply(each)));
    const found = await trial.target.actual();
    expect(found.map(({ id }) => id).sort()).toEqual(several.map(({ id }) => id).sort());
    expect(found.flatMap(({ components }) => components.map(({ phase }) => phase))).toEqual(Array(3).fill('running'));
  });

  it('is not seen by an agent with another owner', async () => {
    await apply();
    const other = await dockerTrial(docker, registry, { owner: 'somebody-else' });
    expect(await other.target.actual()).toEqual([]);
    await other.dispose();
  });

  it('survives the engine being killed: degraded, then truly stopped, then repaired', async () => {
    await apply();
    const over = new AbortController();
    const told: string[] = [];
    const watching = (async () => {
      for await (const id of trial.target.watch(over.signal)) told.push(id);
    })();
    await docker.kill();
    await vi.waitFor(() => expect(trial.target.health?.()).toMatchObject({ status: 'degraded' }), 5_000);
    await expect(trial.target.actual()).rejects.toMatchObject({ code: 'platform', retry: true });
    await expect(apply()).rejects.toMatchObject({ code: 'platform', retry: true });
    await docker.restart();
    await vi.waitFor(() => expect(told).toContain(desired.id), 20_000);
    await vi.waitFor(() => expect(trial.target.health?.()).toEqual({ status: 'ok' }), 20_000);
    expect((await actual())?.phase).not.toBe('running');
    await apply();
    expect(await actual()).toMatchObject({ phase: 'running' });
    over.abort();
    await watching;
  });

  it('describes the machine', async () => {
    const { components, runtimes, facts, parallel } = await trial.target.describe();
    expect({ deploymentTypes: components.map(({ deploymentType }) => deploymentType), runtimes, parallel }).toEqual({
      deploymentTypes: ['compose'],
      runtimes: ['oci'],
      parallel: 4,
    });
    expect(facts.cpus[0]).toEqual({
      cores: expect.any(Number),
      architecture: expect.stringMatching(/^(amd64|arm64)$/),
    });
    expect(facts.memory).toMatch(/^[1-9]\d+Ki$/);
    expect(facts.storage).toMatch(/^[1-9]\d+Ki$/);
    const { Version } = await docker.client.version();
    expect(facts.runtime).toEqual({ name: 'docker', version: Version });
  });
});
