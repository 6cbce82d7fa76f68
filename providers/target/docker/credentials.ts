import { chmod, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readText } from '../../../core/files/index.js';
import { type PullCredentials, TargetFault } from '../../../core/plugin/index.js';
import type { DockerConfig } from './config.js';

export interface Login {
  readonly host: string;
  readonly username: string;
  readonly password: string;
  /** To be told when the registry does not take it; absent where nobody can give another one. */
  readonly refused?: () => Promise<void>;
}

/**
 * The logins of the config, with password files read anew, so that a rotated password is used; and those that somebody
 * hands to this device, for other registries.
 *
 * @throws TargetFault `platform`
 */
export async function logins(
  registries: DockerConfig['registries'],
  resolvePath: (path: string) => string,
  handed: PullCredentials | undefined,
  signal?: AbortSignal,
): Promise<Login[]> {
  const configured = await configuredLogins(registries, resolvePath);
  const known = new Set(configured.map(({ host }) => host));
  if (!handed) return configured;
  const others = (await handed.current(signal)).filter(({ registry }) => !known.has(registry));
  return [
    ...configured,
    ...others.map(({ registry, username, password }) => ({
      host: registry,
      username,
      password,
      refused: () => handed.refused({ registry, username }),
    })),
  ];
}

function configuredLogins(
  registries: DockerConfig['registries'],
  resolvePath: (path: string) => string,
): Promise<Login[]> {
  return Promise.all(
    registries.map(async ({ host, username, password, passwordFile }) => {
      if (passwordFile === undefined) return { host, username, password: password ?? '' };
      try {
        return { host, username, password: await readText(resolvePath(passwordFile)) };
      } catch (error) {
        throw new TargetFault('platform', `the password file for ${host} cannot be read: ${passwordFile}`, true, {
          cause: error,
        });
      }
    }),
  );
}

/** The login for an image, by the registry that its name begins with. */
export function loginFor(image: string, known: readonly Login[]): Login | undefined {
  return known.find(({ host }) => image.startsWith(`${host}/`));
}

/** No project's name begins with a dot. */
const prefix = '.docker-config-';

/** Deletes the configurations that an agent which was killed left behind. */
export async function sweepDockerConfigs(below: string): Promise<void> {
  const left = (await readdir(below)).filter((name) => name.startsWith(prefix));
  await Promise.all(left.map((name) => rm(join(below, name), { recursive: true, force: true })));
}

/**
 * Runs `work` with a DOCKER_CONFIG directory that nobody else can read and that is gone afterwards. The plugins of the
 * user's own are kept, nothing else: neither a context nor a credential helper.
 */
export async function withDockerConfig<T>(
  below: string,
  known: readonly Login[],
  work: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(below, prefix));
  try {
    await chmod(directory, 0o700);
    const auths = Object.fromEntries(
      known.map(({ host, username, password }) => [
        host,
        { auth: Buffer.from(`${username}:${password}`).toString('base64') },
      ]),
    );
    await writeFile(join(directory, 'config.json'), JSON.stringify({ auths }), { mode: 0o600 });
    const usual = process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
    await symlink(join(usual, 'cli-plugins'), join(directory, 'cli-plugins'));
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
