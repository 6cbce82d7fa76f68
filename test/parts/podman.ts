import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Docker from 'dockerode';
import { type Daemon, startDaemon } from './daemon.js';
import type { DockerPart } from './docker.js';
import { must, tool } from './tools.js';
import { findUnpacked } from './trixie.js';
import { reclaim, workspace } from './workspace.js';

/**
 * Starts Podman's service on its own socket and data: an engine that speaks Docker's API. Without systemd, so cgroups and
 * events are kept in files.
 */
export async function startPodman(): Promise<DockerPart> {
  const directory = workspace('podman');
  const socket = join(directory, 'podman.sock');
  const client = new Docker({ socketPath: socket });
  const compose = findUnpacked('usr/libexec/docker/cli-plugins/docker-compose');
  if (compose === undefined) throw new Error('docker-compose is not unpacked');
  const config = join(directory, 'config');
  mkdirSync(join(config, 'cli-plugins'), { recursive: true });
  symlinkSync(compose, join(config, 'cli-plugins', 'docker-compose'));
  // Its own limits are higher than root may set where the machine is itself a container.
  const settings = join(directory, 'containers.conf');
  writeFileSync(settings, '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n');
  const env = { ...process.env, CONTAINERS_CONF: settings };
  const own = [
    ...['--root', join(directory, 'root'), '--runroot', join(directory, 'run'), '--tmpdir', join(directory, 'tmp')],
    ...['--network-config-dir', join(directory, 'networks'), '--storage-driver', 'vfs'],
    ...['--cgroup-manager', 'cgroupfs', '--events-backend', 'file'],
  ];
  const startService = (): Promise<Daemon> =>
    startDaemon(tool('podman'), [...own, 'system', 'service', '--time=0', `unix://${socket}`], {
      env,
      ready: async () => (await client.ping()).toString() === 'OK',
    });
  let service: Daemon;
  try {
    service = await startService();
  } catch (error) {
    await reclaim(directory);
    throw error;
  }
  return {
    client,
    socket,
    env: { DOCKER_HOST: `unix://${socket}`, DOCKER_CONFIG: config },
    compose,
    kill: () => service.kill(),
    async restart() {
      service = await startService();
    },
    async stop() {
      await service.stop();
      // Containers are no children of the service: they run on without it.
      await must(tool('podman'), [...own, 'rm', '--all', '--force', '--time', '0', '--volumes'], { env });
      await must(tool('podman'), [...own, 'network', 'prune', '--force'], { env });
      await reclaim(directory);
    },
  };
}
