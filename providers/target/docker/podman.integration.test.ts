import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ActualComponent } from '../../../core/plugin/index.js';
import { buildImage, type DockerPart, describeWith, type RegistryPart } from '../../../test/parts/index.js';
import { application, type DockerTrial, dockerTrial, pushComponent } from '../../../test/target/docker-trial.js';
import { call, faultOf } from '../../../test/target/trial.js';

const compose = (version: string, command = 'exec sleep 1000'): string => `
services:
  web:
    image: localhost/box:latest
    stop_signal: SIGKILL
    command: [sh, -c, 'echo ${version} >> /data/lines; cat /data/lines; ${command}']
    volumes: ['data:/data']
volumes: { data: {} }
`;

describeWith(['podman', 'registry'], "a component on Podman's socket", (start) => {
  let podman: DockerPart;
  let registry: RegistryPart;
  let trial: DockerTrial;

  beforeAll(async () => {
    [podman, registry] = await Promise.all([start.podman(), start.registry()]);
    await buildImage(podman, 'localhost/box:latest');
    trial = await dockerTrial(podman, registry, { settle: 100 });
  });
  afterAll(async () => {
    await trial?.dispose();
    await Promise.all([podman.stop(), registry.stop()]);
  });

  it('is installed, left alone, noticed when it ends, repaired, updated, taken back and removed', {
    timeout: 180_000,
  }, async () => {
    const repository = await pushComponent(trial, 'web', '1.0.0', { 'compose.yaml': compose('one') });
    await pushComponent(trial, 'web', '2.0.0', { 'compose.yaml': compose('two') });
    await pushComponent(trial, 'web', '3.0.0', { 'compose.yaml': compose('three', 'exit 3') });
    const desired = application(repository, '1.0.0');
    const revision = (name: string) => application(repository, name, {}, desired.id);
    const apply = (of = desired): Promise<void> => trial.target.apply(of, 'monitor', call());
    const actual = async (): Promise<ActualComponent | undefined> => (await trial.target.actual())[0]?.components[0];
    const container = async (): Promise<string> => (await podman.client.listContainers({ all: true }))[0]?.Id ?? '';

    const { facts } = await trial.target.describe();
    expect(facts.runtime).toEqual({ name: 'podman', version: (await podman.client.version()).Version });
    await apply();
    const first = await container();
    expect(await actual()).toMatchObject({ phase: 'running' });
    await apply();
    expect(await container()).toBe(first);

    const over = new AbortController();
    const changed = trial.target.watch(over.signal)[Symbol.asyncIterator]();
    await expect(changed.next()).resolves.toMatchObject({ value: desired.id });
    const next = changed.next();
    await podman.client.getContainer(first).kill();
    await expect(next).resolves.toMatchObject({ value: desired.id });
    over.abort();
    await expect.poll(actual).toMatchObject({ phase: 'failed', reason: expect.stringContaining('exit code 137') });
    await apply();
    expect(await actual()).toMatchObject({ phase: 'running' });

    await apply(revision('2.0.0'));
    expect(await trial.target.logs(desired.id, 'monitor', 10)).toEqual(['one', 'one', 'two']);
    const good = await actual();
    const fault = await faultOf(apply(revision('3.0.0')));
    expect(fault.message).toMatch(/ended with exit code 3 [\s\S]*revision 2\.0\.0 runs again$/);
    expect(await actual()).toEqual(good);

    await trial.target.remove(desired, 'monitor', true, call());
    expect(await trial.target.actual()).toEqual([]);
    expect((await podman.client.listVolumes()).Volumes).toEqual([]);
  });
});
