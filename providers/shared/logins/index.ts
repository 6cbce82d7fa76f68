import { readText } from '../../../core/files/index.js';
import { type PullCredentials, registryLoginHost, secret, TargetFault, z } from '../../../core/plugin/index.js';

/** A registry in the config of a target, and who pulls from it. */
export const registryLogin = z
  .strictObject({
    host: registryLoginHost.describe('Host and port as image references write them: `registry.example:5000`'),
    username: z.string().min(1).describe('Who pulls'),
    password: secret(z.string()).optional().describe('Or token; better kept in a file'),
    passwordFile: z.string().optional().describe('File with the password; a final line break is ignored'),
  })
  .refine(({ password, passwordFile }) => (password === undefined) !== (passwordFile === undefined), {
    error: 'exactly one of password and passwordFile is needed',
  });

type RegistryLogin = z.output<typeof registryLogin>;

/** What pulls from a registry need. */
export interface Login {
  /** As image references begin: `registry.example:5000`. */
  readonly host: string;
  readonly username: string;
  readonly password: string;
  /** To be told when the registry does not take it; absent where nobody can give another one. */
  readonly refused?: () => Promise<void>;
}

export interface LoginSources {
  /** Of the config. */
  readonly registries: readonly RegistryLogin[];
  readonly resolvePath: (path: string) => string;
  /** Who hands this device what it pulls with, for registries that the config names no user of. */
  readonly handed?: PullCredentials | undefined;
}

/**
 * The logins of now: password files are read anew, so that a rotated password is used.
 *
 * @throws TargetFault `platform` where a password file cannot be read, or the signal's reason
 */
export async function logins(
  { registries, resolvePath, handed }: LoginSources,
  signal?: AbortSignal,
): Promise<Login[]> {
  const configured = await Promise.all(registries.map((registry) => configuredLogin(registry, resolvePath)));
  if (!handed) return configured;
  const known = new Set(configured.map(({ host }) => host));
  const others = (await handed.current(signal)).filter(({ registry }) => !known.has(registry));
  return [
    ...configured,
    ...others.map(({ registry, username, password }) => ({
      ...{ host: registry, username, password },
      refused: () => handed.refused({ registry, username }),
    })),
  ];
}

async function configuredLogin(
  { host, username, password, passwordFile }: RegistryLogin,
  resolvePath: (path: string) => string,
): Promise<Login> {
  if (passwordFile === undefined) return { host, username, password: password ?? '' };
  try {
    return { host, username, password: await readText(resolvePath(passwordFile)) };
  } catch (cause) {
    const message = `the password file for ${host} cannot be read: ${passwordFile}`;
    throw new TargetFault('platform', message, true, { cause });
  }
}

/** The login for an image, by the registry that its name begins with. */
export function loginFor<T extends Pick<Login, 'host'>>(image: string, known: readonly T[]): T | undefined {
  return known.find(({ host }) => image.startsWith(`${host}/`));
}

/** What Docker's `config.json` holds, and a Secret of type `kubernetes.io/dockerconfigjson`. */
export function dockerConfigJson(known: readonly Pick<Login, 'host' | 'username' | 'password'>[]): string {
  const auths = Object.fromEntries(
    known.map(({ host, username, password }) => [
      host,
      { username, password, auth: Buffer.from(`${username}:${password}`).toString('base64') },
    ]),
  );
  return JSON.stringify({ auths });
}
