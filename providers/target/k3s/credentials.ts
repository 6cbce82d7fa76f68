import { readText } from '../../../core/files/index.js';
import { type PullCredentials, TargetFault } from '../../../core/plugin/index.js';
import type { K3sConfig } from './config.js';

export interface Login {
  /** As image references begin: `registry.example:5000`. */
  readonly host: string;
  readonly username: string;
  readonly password: string;
}

/**
 * The logins of the config, with password files read anew, so that a rotated password is used; and those that somebody
 * hands to this device, for other registries.
 *
 * @throws TargetFault `platform`
 */
export async function logins(
  registries: K3sConfig['registries'],
  resolvePath: (path: string) => string,
  handed: PullCredentials | undefined,
): Promise<Login[]> {
  const configured = await configuredLogins(registries, resolvePath);
  const known = new Set(configured.map(({ host }) => host));
  const others = ((await handed?.current()) ?? []).filter(({ registry }) => !known.has(registry));
  return [...configured, ...others.map(({ registry, username, password }) => ({ host: registry, username, password }))];
}

function configuredLogins(
  registries: K3sConfig['registries'],
  resolvePath: (path: string) => string,
): Promise<Login[]> {
  return Promise.all(
    registries.map(async ({ host, username, password, passwordFile }) => {
      if (passwordFile === undefined) return { host, username, password: password ?? '' };
      try {
        return { host, username, password: await readText(resolvePath(passwordFile)) };
      } catch (cause) {
        const message = `the password file for ${host} cannot be read: ${passwordFile}`;
        throw new TargetFault('platform', message, true, { cause });
      }
    }),
  );
}

/** What a Secret of type `kubernetes.io/dockerconfigjson` holds. */
export function dockerConfigJson(known: readonly Login[]): string {
  const auths = Object.fromEntries(
    known.map(({ host, username, password }) => [
      host,
      { username, password, auth: Buffer.from(`${username}:${password}`).toString('base64') },
    ]),
  );
  return JSON.stringify({ auths });
}
