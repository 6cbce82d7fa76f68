import { chmod, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { dockerConfigJson, type Login } from '../../shared/logins/index.js';

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
    await writeFile(join(directory, 'config.json'), dockerConfigJson(known), { mode: 0o600 });
    const usual = process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
    await symlink(join(usual, 'cli-plugins'), join(directory, 'cli-plugins'));
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
