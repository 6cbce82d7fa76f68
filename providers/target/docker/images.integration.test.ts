import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { DesiredApplication } from '../../../core/plugin/index.js';
import { buildImage, type DockerPart, describeWith, type RegistryPart } from '../../../test/parts/index.js';
import { must } from '../../../test/parts/tools.js';
import { application, type DockerTrial, dockerTrial, pushComponent } from '../../../test/target/docker-trial.js';
import { call } from '../../../test/target/trial.js';
import { labels } from './project.js';

// Each starts many containers, and the machine may be busy with others' tests.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

describeWith(['docker', 'registry'], 'images of a compose component', (start) => {
  let docker: DockerPart;
  let registry: RegistryPart;
  let trial: DockerTrial;

  beforeAll(async () => {
    [docker, registry] = await Promise.all([start.docker(), start.registry()]);
  });
  afterAll(async () => {
    await Promise.all([docker.stop(), registry.stop()]);
  });
  beforeEach(async () => {
    trial = await dockerTrial(docker, registry, { settle: 100 });
  });
  afterEach(async () => {
    for (const { id, name, components } of await trial.target.actual()) {
      for (const component of components) await trial.target.remove({ id, name }, component.name, true, call());
    }
    await trial.dispose();
    const images = await docker.client.listImages({ all: true });
    await Promise.all(images.map(({ Id }) => docker.client.getImage(Id).remove({ force: true })));
  });

  const image = (name: string): string => `${registry.host}/images/${name}`;
  /** Puts an image that says `text` into the registry, and out of the engine. */
  const publish = async (name: string, text: string): Promise<void> => {
    await build(name, text);
    const pushing = await docker.client.getImage(image(name)).push({ authconfig: {} });
    let said = '';
    for await (const chunk of pushing) said += chunk.toString();
    expect(said).not.toContain('"error"');
    await docker.client.getImage(image(name)).remove();
  };
  const build = (name: string, text: string): Promise<void> =>
    buildImage(docker, image(name), { '/text': text }, { command: ['/bin/sh', '-c', 'cat /text; exec sleep 1000'] });
  const deployed = async (revision: string, of: string, id?: string): Promise<DesiredApplication> => {
    const text = `services:\n  web: { image: '${image(of)}', stop_signal: SIGKILL, volumes: ['data:/data'] }\nvolumes: { data: {} }\n`;
    const repository = await pushComponent(trial, 'web', revision, { 'compose.yaml': text });
    const desired = application(repository, revision, {}, id);
    await apply(desired);
    return desired;
  };
  const apply = (of: DesiredApplication): Promise<void> => trial.target.apply(of, 'monitor', call());
  const remove = (of: DesiredApplication, purge = true): Promise<void> =>
    trial.target.remove(of, 'monitor', purge, call());
  const said = async (of: DesiredApplication): Promise<string | undefined> =>
    (await trial.target.logs(of.id, 'monitor', 1))[0];
  const container = async (of: DesiredApplication): Promise<string> => {
    const label = [`${labels.application}=${of.id}`];
    return (await docker.client.listContainers({ all: true, filters: { label } }))[0]?.Id ?? '';
  };
  const has = async (name: string): Promise<boolean> =>
    (await docker.client.listImages()).some(({ RepoTags }) => RepoTags?.includes(image(name)));

  it('stay those that were first applied, wherever their tags have moved', async () => {
    await publish('app:1', 'as released\n');
    const desired = await deployed('1.0.0', 'app:1');
    const { Config } = await docker.client.getContainer(await container(desired)).inspect();
    expect(Config.Image).toMatch(/\/images\/app@sha256:[0-9a-f]{64}$/);

    await publish('app:1', 'moved\n');
    await build('app:1', 'moved\n');
    for (const lose of [
      async () => docker.client.getContainer(await container(desired)).kill(),
      // Not even here any more: the registry has it by its digest.
      async () => {
        await docker.client.getContainer(await container(desired)).remove({ force: true });
        await docker.client.getImage(Config.Image).remove({ force: true });
      },
    ]) {
      await lose();
      const next = await trial.again();
      await next.apply(desired, 'monitor', call());
      expect(await said(desired)).toBe('as released');
    }
    // Another revision takes what its tag names now.
    const update = await deployed('1.1.0', 'app:1', desired.id);
    expect(await said(update)).toBe('moved');
  });

  it('that were only loaded here are pinned as well', async () => {
    await build('local:1', 'loaded\n');
    const desired = await deployed('1.0.0', 'local:1');
    await build('local:1', 'loaded again\n');
    await docker.client.getContainer(await container(desired)).kill();
    await apply(desired);
    expect(await said(desired)).toBe('loaded');
  });

  it('go when nothing uses them any more, and only those that the target pulled', async () => {
    for (const version of ['app:1', 'app:2', 'app:3']) await publish(version, `${version}\n`);
    await build('mine:1', 'not pulled\n');
    const desired = await deployed('1.0.0', 'app:1');
    const neighbour = await deployed('1.0.0-other', 'app:1');
    await deployed('2.0.0', 'app:2', desired.id);
    expect([await has('app:1'), await has('app:2')]).toEqual([true, true]);
    await remove(neighbour);
    expect([await has('app:1'), await has('app:2')]).toEqual([false, true]);
    // What another container uses, and what somebody has named too, are others' now.
    await docker.client.createContainer({ name: 'foreign', Image: image('app:2') });
    await deployed('3.0.0', 'app:3', desired.id);
    expect([await has('app:2'), await has('app:3')]).toEqual([true, true]);
    await docker.client.getContainer('foreign').remove();
    await docker.client.getImage(image('app:3')).tag({ repo: image('kept'), tag: '3' });
    await remove(desired);
    expect([await has('app:2'), await has('app:3'), await has('kept:3')]).toEqual([false, false, true]);
    expect(await has('mine:1')).toBe(true);
  });

  it('all stay when the profile says so', async () => {
    await trial.dispose();
    trial = await dockerTrial(docker, registry, { settle: 100, prune: 'off' });
    await publish('app:1', 'app\n');
    await remove(await deployed('1.0.0', 'app:1'));
    expect(await has('app:1')).toBe(true);
  });

  it('run beside those of others: same services, same volumes, and nothing is shared or touched', async () => {
    await publish('app:1', 'app\n');
    await build('foreign:1', 'foreign\n');
    const foreign = join(trial.dataDir, 'compose.yaml');
    const text = `services: { web: { image: '${image('foreign:1')}', volumes: ['data:/data'] } }\nvolumes: { data: {} }\n`;
    await writeFile(foreign, text);
    const composed = (...args: string[]): Promise<string> =>
      must(docker.compose, ['-p', 'monitor', '-f', foreign, ...args], { env: { ...process.env, ...docker.env } });
    await composed('up', '--detach');
    const one = await deployed('1.0.0', 'app:1');
    const two = await deployed('1.0.0', 'app:1');
    const others = async (): Promise<string[]> => {
      const all = await docker.client.listContainers({ all: true });
      const kept = all.filter(({ Labels }) => Labels[labels.application] !== one.id);
      const inspected = await Promise.all(kept.map(({ Id }) => docker.client.getContainer(Id).inspect()));
      return inspected.flatMap(({ State, Mounts }) =>
        Mounts.map(({ Source }) => `${State.StartedAt} ${State.Status} ${readFileSync(join(Source, 'mark'), 'utf8')}`),
      );
    };
    for (const { Id } of await docker.client.listContainers()) {
      const mark = await docker.client.getContainer(Id).exec({ Cmd: ['sh', '-c', `echo ${Id} > /data/mark`] });
      await mark.start({ Detach: true });
    }
    await expect.poll(others).toEqual(Array(2).fill(expect.stringMatching(/Z running [0-9a-f]{64}\n$/)));
    const before = await others();
    await deployed('2.0.0', 'app:1', one.id);
    await remove(one);
    expect(await others()).toEqual(before);
    expect((await trial.target.actual()).map(({ id }) => id)).toEqual([two.id]);
    await composed('down', '--volumes');
  });
});
