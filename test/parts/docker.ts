import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import type { ServerCertificate } from './certificate.js';
import { type Daemon, startDaemon } from './daemon.js';
import { run, tool } from './tools.js';
import { findUnpacked } from './trixie.js';
import { reclaim, workspace } from './workspace.js';

/** An engine of the test's own. */
export interface DockerPart {
  readonly client: Docker;
  /** Path of the engine's socket. */
  readonly socket: string;
  /** What the `docker` program needs in its environment: DOCKER_HOST, and DOCKER_CONFIG with the compose plugin. */
  readonly env: { readonly DOCKER_HOST: string; readonly DOCKER_CONFIG: string };
  /** Path of the Compose v2 program. */
  readonly compose: string;
  /** kill -9 of the engine alone: containers stay as they are until it starts again. */
  kill(): Promise<void>;
  /** Starts a killed engine again, on the same data. */
  restart(): Promise<void>;
  /** Removes every container, stops the engine, and cleans up after it. */
  stop(): Promise<void>;
}

export interface DockerOptions {
  /** Where it listens beside its socket, to those alone who show a certificate of the authority. */
  readonly tls?: { readonly port: number; readonly certificates: ServerCertificate };
}

/**
 * Starts an engine on its own socket and data. It has no default bridge and writes no iptables rules, so that several
 * can run beside each other and beside the machine's own; published ports are served by the engine's proxy.
 */
export async function startDocker({ tls }: DockerOptions = {}): Promise<DockerPart> {
  const directory = workspace('docker');
  const socket = join(directory, 'docker.sock');
  const client = new Docker({ socketPath: socket });
  const pool = addressPool();
  const compose = findUnpacked('usr/libexec/docker/cli-plugins/docker-compose');
  if (compose === undefined) throw new Error('docker-compose is not unpacked');
  const config = join(directory, 'config');
  mkdirSync(join(config, 'cli-plugins'), { recursive: true });
  symlinkSync(compose, join(config, 'cli-plugins', 'docker-compose'));
  writeFileSync(join(directory, 'daemon.json'), '{}');
  const secured = tls === undefined ? [] : listeningOnTls(directory, tls);

  const startEngine = (): Promise<Daemon> =>
    startDaemon(
      tool('dockerd'),
      [
        ...['--host', `unix://${socket}`, '--config-file', join(directory, 'daemon.json'), ...secured],
        ...['--data-root', join(directory, 'root'), '--exec-root', join(directory, 'exec')],
        ...['--pidfile', join(directory, 'docker.pid'), '--shutdown-timeout', '2'],
        ...['--bridge', 'none', '--iptables=false', '--ip6tables=false', '--ip-forward=false'],
        ...['--default-address-pool', `base=${pool}.0.0/16,size=24`],
      ],
      { ready: async () => (await client.ping()).toString() === 'OK' },
    );
  let engine: Daemon;
  try {
    engine = await startEngine();
  } catch (error) {
    await reclaim(directory);
    throw error;
  }

  return {
    client,
    socket,
    env: { DOCKER_HOST: `unix://${socket}`, DOCKER_CONFIG: config },
    compose,
    kill: () => engine.kill(),
    async restart() {
      // The killed engine's containerd died with it. Where init does not reap it, it stays as a zombie, and the engine
      // would wait for it instead of starting another.
      rmSync(join(directory, 'exec/containerd/containerd.pid'), { force: true });
      engine = await startEngine();
    },
    async stop() {
      await emptied(client);
      await engine.stop();
      await removeBridges(pool);
      await reclaim(directory);
    },
  };
}

function listeningOnTls(directory: string, { port, certificates }: NonNullable<DockerOptions['tls']>): string[] {
  const { ca, certificate, key } = certificates;
  const written = Object.entries({ cacert: ca, cert: certificate, key }).flatMap(([name, text]) => {
    const file = join(directory, `tls-${name}.pem`);
    writeFileSync(file, text, { mode: 0o600 });
    return [`--tls${name}`, file];
  });
  return ['--host', `tcp://127.0.0.1:${port}`, '--tlsverify', ...written];
}

/** Containers that do not react to SIGTERM would make the engine's own stop slow. */
async function emptied(client: Docker): Promise<void> {
  try {
    const containers = await client.listContainers({ all: true });
    await Promise.all(containers.map(({ Id }) => client.getContainer(Id).remove({ force: true, v: true })));
    await client.pruneNetworks();
  } catch (error) {
    // A test that killed the engine and failed before restarting it gets here; `reclaim` ends what is left.
    console.warn('docker part: could not remove the containers first:', error);
  }
}

/** Two octets nobody on this machine uses, so that networks of two engines never overlap. */
function addressPool(): string {
  const used = new Set(addresses().map(({ address }) => address.split('.').slice(0, 2).join('.')));
  const free = Array.from({ length: 128 }, (_, index) => `10.${64 + index}`).filter((pool) => !used.has(pool));
  const chosen = free[Math.floor(Math.random() * free.length)];
  if (chosen === undefined) throw new Error('no free address pool for the networks of a docker engine');
  return chosen;
}

async function removeBridges(pool: string): Promise<void> {
  for (const { name } of addresses().filter(({ address }) => address.startsWith(`${pool}.`))) {
    await run(tool('ip'), ['link', 'delete', name]);
  }
}

function addresses(): { readonly name: string; readonly address: string }[] {
  return Object.entries(networkInterfaces()).flatMap(([name, list]) =>
    (list ?? []).filter(({ family }) => family === 'IPv4').map(({ address }) => ({ name, address })),
  );
}
