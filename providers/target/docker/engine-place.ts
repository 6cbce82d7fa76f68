import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { DockerOptions } from 'dockerode';
import type { DockerConfig } from './config.js';

/** Where an engine listens. */
export interface EnginePlace {
  /** As in DOCKER_HOST. */
  readonly address: string;
  /** Folder with `ca.pem`, `cert.pem` and `key.pem`, as in DOCKER_CERT_PATH, where it listens on TLS. */
  readonly certificates?: string;
}

/** By the profile, else by the environment as the `docker` program reads it. */
export function enginePlace(
  { socket, host, certificates }: Pick<DockerConfig, 'socket' | 'host' | 'certificates'>,
  resolvePath: (path: string) => string,
  environment: NodeJS.ProcessEnv,
): EnginePlace {
  if (socket !== undefined) return { address: `unix://${resolvePath(socket)}` };
  if (host !== undefined) {
    return { address: host, ...(certificates !== undefined && { certificates: resolvePath(certificates) }) };
  }
  const address = environment['DOCKER_HOST'] || 'unix:///var/run/docker.sock';
  if (address.startsWith('unix://') || !environment['DOCKER_TLS_VERIFY']) return { address };
  return { address, certificates: environment['DOCKER_CERT_PATH'] || join(homedir(), '.docker') };
}

/** For the client library. Complete: what is left out, it takes from the environment. */
export async function clientOptions({ address, certificates }: EnginePlace): Promise<DockerOptions> {
  const nothing = { socketPath: undefined, host: undefined, ca: undefined, cert: undefined, key: undefined };
  if (address.startsWith('unix://'))
    return { ...nothing, protocol: 'http', socketPath: address.slice('unix://'.length) };
  const { hostname, port } = new URL(address);
  const place = { ...nothing, host: hostname, port: port || (certificates === undefined ? 2375 : 2376) };
  if (certificates === undefined) return { ...place, protocol: 'http' };
  const [ca, cert, key] = await Promise.all(
    ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readFile(join(certificates, name), 'utf8')),
  );
  return { ...place, protocol: 'https', ca, cert, key };
}

/** For Docker's own programs. */
export function placeVariables({ address, certificates }: EnginePlace): Record<string, string> {
  if (certificates === undefined) return { DOCKER_HOST: address };
  return { DOCKER_HOST: address, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certificates };
}
