import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PullCredential, PullCredentials } from '../../../core/plugin/index.js';
import { dockerConfigJson, loginFor, logins, registryLogin } from './index.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tutti-logins-'));
});
afterEach(() => rm(directory, { recursive: true }));

const resolvePath = (path: string) => join(directory, path);
const configured = (host: string, fields: object) => registryLogin.parse({ host, username: 'ada', ...fields });

function handing(...credentials: PullCredential[]) {
  const refused: object[] = [];
  const handed: Pick<PullCredentials, 'current' | 'refused'> = {
    current: async (signal) => {
      signal?.throwIfAborted();
      return credentials;
    },
    refused: async (credential) => {
      refused.push(credential);
    },
  };
  return { handed: handed as PullCredentials, refused };
}

it.each(['https://registry.test', 'registry.test:5000/apps'])('are not for %s, as no image begins', (host) => {
  const { error } = registryLogin.safeParse({ host, username: 'ada', password: 'at hand' });
  expect(error?.issues.map(({ path }) => path.join('.'))).toEqual(['host']);
});

it('are those of the config, with what their files hold now', async () => {
  const registries = [
    configured('one.test', { password: 'at hand' }),
    configured('two.test', { passwordFile: 'password' }),
  ];
  for (const password of ['first', 'second']) {
    await writeFile(resolvePath('password'), `${password}\n`);
    expect(await logins({ registries, resolvePath })).toEqual([
      { host: 'one.test', username: 'ada', password: 'at hand' },
      { host: 'two.test', username: 'ada', password },
    ]);
  }
});

it('are handed to us for registries alone that the config names no user of', async () => {
  const { handed, refused } = handing(
    { registry: 'one.test', username: 'press-7', password: 'not wanted' },
    { registry: 'two.test:5000', username: 'press-7', password: 'handed' },
  );
  const known = await logins({ registries: [configured('one.test', { password: 'ours' })], resolvePath, handed });
  expect(known.map(({ host, username, password }) => [host, username, password])).toEqual([
    ['one.test', 'ada', 'ours'],
    ['two.test:5000', 'press-7', 'handed'],
  ]);
  for (const login of known) await login.refused?.();
  expect(refused).toEqual([{ registry: 'two.test:5000', username: 'press-7' }]);
});

it('are not waited for by who has gone', async () => {
  const { handed } = handing();
  const reason = new Error('the caller has changed its mind');
  const asked = logins({ registries: [], resolvePath, handed }, AbortSignal.abort(reason));
  await expect(asked).rejects.toBe(reason);
});

it('name a file that cannot be read, and may come again', async () => {
  const asked = logins({ registries: [configured('one.test', { passwordFile: 'nowhere' })], resolvePath });
  await expect(asked).rejects.toMatchObject({
    code: 'platform',
    retry: true,
    message: 'the password file for one.test cannot be read: nowhere',
  });
});

it('are found by what an image begins with', () => {
  const known = [{ host: 'one.test' }, { host: 'one.test:5000' }];
  expect(loginFor('one.test:5000/apps/pump:1', known)).toBe(known[1]);
  expect(loginFor('one.test/apps/pump@sha256:00', known)).toBe(known[0]);
  expect(loginFor('one.testing/apps/pump', known)).toBeUndefined();
});

it('become what Docker and Kubernetes read', () => {
  const text = dockerConfigJson([{ host: 'one.test', username: 'ada', password: 'a:b' }]);
  const auth = Buffer.from('ada:a:b').toString('base64');
  expect(JSON.parse(text)).toEqual({ auths: { 'one.test': { username: 'ada', password: 'a:b', auth } } });
});
