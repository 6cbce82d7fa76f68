import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { KitSubject } from '../../core/testing/kit.js';
import type { KillableApply, TargetPlatform, TargetUnderTest } from '../../core/testing/target/index.js';
import { buildImage, type DockerPart, type RegistryPart } from '../parts/index.js';
import { application, dockerTrial, pushComponent } from './docker-trial.js';
import { killableAgent } from './killable-agent.js';

const marks = {
  application: 'dev.tutti.application',
  component: 'dev.tutti.component',
  owner: 'dev.tutti.owner',
} as const;

const compose = (health: string): string => `
services:
  main:
    image: kit:1
    command: [sh, -c, 'echo started >> /data/starts; exec sleep 100000']
    stop_signal: SIGKILL
    volumes: ['data:/data']
${health}
volumes: { data: {} }
`;
const never = "    healthcheck: { test: [CMD, 'false'], start_period: 1h, interval: 1h }";

const dying = 'services: { main: { image: kit:1, command: [sh, -c, "exit 3"] } }\n';

/** A docker target for the kit: real engine, real registry, and the engine's own API as the other door. */
export async function dockerSubject(docker: DockerPart, registry: RegistryPart): Promise<KitSubject<TargetUnderTest>> {
  await buildImage(docker, 'kit:1');
  const trial = await dockerTrial(docker, registry, { settle: 100 });
  const good = await pushComponent(trial, 'good', '1.0.0', { 'compose.yaml': compose('') });
  const failing = await pushComponent(trial, 'failing', '1.0.0', { 'compose.yaml': dying });
  const stuck = await pushComponent(trial, 'stuck', '1.0.0', { 'compose.yaml': compose(never) });
  const platform: TargetPlatform = {
    application: (id, version) => application(good, '1.0.0', { parameters: { VERSION: version } }, id),
    missing: (id) => application(`oci://${registry.host}/components/nowhere`, '1.0.0', {}, id),
    stuck: (id) => application(stuck, '1.0.0', { timeout: 3_600_000, parameters: { VERSION: 'stuck' } }, id),
    failing: (id) => application(failing, '1.0.0', {}, id),
    running: async (id, component) => {
      const found = await containers(docker, id, component);
      const inspected = await Promise.all(found.map((each) => docker.client.getContainer(each).inspect()));
      return inspected.map(({ Config }) => Config.Env.find((line) => line.startsWith('VERSION='))?.slice(8) ?? '?');
    },
    starts: async (id, component) => {
      const [container] = await containers(docker, id, component, ['running', 'exited']);
      if (container === undefined) return 0;
      const { Mounts } = await docker.client.getContainer(container).inspect();
      const text = await readFile(join(Mounts[0]?.Source ?? '', 'starts'), 'utf8');
      return text.trim().split('\n').length;
    },
    crash: async (id, component) => {
      for (const each of await containers(docker, id, component)) await docker.client.getContainer(each).kill();
    },
    leftovers: async () => {
      const made = { label: ['com.docker.compose.project'] };
      const [left, networks, volumes] = await Promise.all([
        docker.client.listContainers({ all: true, filters: made }),
        docker.client.listNetworks({ filters: made }),
        docker.client.listVolumes({ filters: JSON.stringify(made) }),
      ]);
      return [
        ...left.map(({ Names }) => `container ${Names.join()}`),
        ...networks.map(({ Name }) => `network ${Name}`),
        ...volumes.Volumes.map(({ Name }) => `volume ${Name}`),
        // The private configurations of compose calls that were killed.
        ...(await readdir(join(trial.dataDir, 'docker'))),
      ];
    },
    applyElsewhere: (of, component) =>
      agent([docker.socket, docker.compose, registry.url, trial.dataDir, JSON.stringify(of), component]),
  };
  let current: Closable = { instance: trial.target, dispose: async () => trial.target.stop?.(patient()) };
  return {
    instance: Object.assign(trial.target, { platform }),
    close: () => current.dispose(),
    reopen: async () => {
      const instance = await trial.again();
      current = { instance, dispose: async () => instance.stop?.(patient()) };
      return Object.assign(instance, { platform });
    },
    dispose: async () => {
      await emptied(docker);
      await trial.dispose();
      await rm(trial.dataDir, { recursive: true, force: true });
    },
  };
}

interface Closable {
  readonly instance: object;
  dispose(): Promise<void>;
}

const patient = (): AbortSignal => new AbortController().signal;

async function containers(
  docker: DockerPart,
  id: string,
  component: string,
  status: readonly string[] = ['running'],
): Promise<string[]> {
  const label = [`${marks.application}=${id}`, `${marks.component}=${component}`];
  const found = await docker.client.listContainers({ all: true, filters: { label, status: [...status] } });
  return found.map(({ Id }) => Id);
}

async function emptied(docker: DockerPart): Promise<void> {
  const found = await docker.client.listContainers({ all: true, filters: { label: [marks.owner] } });
  await Promise.all(found.map(({ Id }) => docker.client.getContainer(Id).remove({ force: true })));
  await docker.client.pruneNetworks();
  const { Volumes } = await docker.client.listVolumes();
  await Promise.all(Volumes.map(({ Name }) => docker.client.getVolume(Name).remove()));
}

/** See docker-agent.ts for its arguments. */
export const agent = (args: readonly string[]): KillableApply =>
  killableAgent(new URL('docker-agent.ts', import.meta.url), args);
