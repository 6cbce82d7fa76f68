import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lifecycle, SecretProvider } from '../../../core/plugin/index.js';
import { type TestContext, testContext } from '../../../core/testing/index.js';
import secretFile from './index.js';

let folder: string;
let directory: string;
const open: TestContext<SecretProvider>[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tutti-secrets-'));
  directory = join(folder, 'secrets');
  await mkdir(directory, { mode: 0o755 });
});
afterEach(async () => {
  for (const context of open.splice(0)) await context.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function secrets(config: object = {}): Promise<SecretProvider & Lifecycle> {
  const context = await testContext<SecretProvider>(secretFile, { config: { directory, ...config } });
  open.push(context);
  await context.start();
  return context.instance;
}

describe('a directory as Kubernetes mounts it', () => {
  async function publish(version: string, value: string): Promise<void> {
    await mkdir(join(directory, version));
    await writeFile(join(directory, version, 'password'), value, { mode: 0o600 });
    await symlink(version, join(directory, '..data_tmp'));
    await rename(join(directory, '..data_tmp'), join(directory, '..data'));
  }

  it('is read through its links, and anew after it was replaced as a whole', async () => {
    await publish('..2026_01', 'first\n');
    await symlink('..data/password', join(directory, 'password'));
    const provider = await secrets();
    expect(await provider.get('password')).toBe('first');
    await publish('..2026_02', 'second\n');
    await rm(join(directory, '..2026_01'), { recursive: true });
    expect(await provider.get('password')).toBe('second');
  });

  it('may be a link itself', async () => {
    await symlink(directory, join(folder, 'mounted'));
    await writeFile(join(directory, 'password'), 'value', { mode: 0o600 });
    expect(await (await secrets({ directory: join(folder, 'mounted') })).get('password')).toBe('value');
  });
});

describe('a link that leads out of the directory', () => {
  it.each([
    ['to a file', 'password', '../outside/password'],
    ['by a directory', 'team', '../outside'],
    ['to a directory whose name begins alike', 'password', '../secrets-of-others/password'],
  ])('is not followed: %s', async (_, name, target) => {
    for (const outside of ['outside', 'secrets-of-others']) {
      await mkdir(join(folder, outside));
      await writeFile(join(folder, outside, 'password'), 'not ours');
    }
    await symlink(target, join(directory, name));
    const provider = await secrets();
    await expect(provider.get(name === 'team' ? 'team/password' : name)).rejects.toMatchObject({
      reason: 'invalid',
      message: expect.stringContaining('a link that leads out of the directory'),
    });
  });
});

describe('what is no secret', () => {
  it('is refused as invalid: bytes that are no text, a pipe, a link to itself', async () => {
    await writeFile(join(directory, 'binary'), Buffer.from([0x70, 0xff, 0x71]));
    await promisify(execFile)('mkfifo', [join(directory, 'pipe')]);
    await symlink('circle', join(directory, 'circle'));
    const provider = await secrets();
    for (const name of ['binary', 'pipe', 'circle']) {
      await expect(provider.get(name), name).rejects.toMatchObject({ name: 'SecretFault', reason: 'invalid' });
    }
  });

  it('is too long by one byte, whatever ends its last line', async () => {
    const provider = await secrets();
    for (const ending of ['', '\n', '\r\n']) {
      await writeFile(join(directory, 'full'), `${'x'.repeat(65_536)}${ending}`);
      await writeFile(join(directory, 'more'), `${'x'.repeat(65_537)}${ending}`);
      expect((await provider.get('full')).length).toBe(65_536);
      await expect(provider.get('more')).rejects.toThrow('longer than the 65536 bytes');
    }
  });
});

describe('who else can read a secret', () => {
  const password = (): string => join(directory, 'password');

  it('degrades the health, and says which file by which right, until it is mended', async () => {
    const provider = await secrets();
    await writeFile(password(), 'value');
    await chmod(password(), 0o644);
    expect(provider.health?.()).toEqual({ status: 'ok' });
    await provider.get('password');
    expect(provider.health?.()).toEqual({
      status: 'degraded',
      reason:
        `every user of this machine can read password (mode 0644) in ${directory}; take the right from others ` +
        '(chmod o-r), or set `readableByOthers: allow`',
    });
    await chmod(password(), 0o640);
    await provider.get('password');
    expect(provider.health?.()).toEqual({ status: 'ok' });
  });

  it('is nobody where others cannot enter the directory, or where the profile allows it', async () => {
    await writeFile(password(), 'value');
    await chmod(password(), 0o644);
    const allowing = await secrets({ readableByOthers: 'allow' });
    await allowing.get('password');
    await chmod(directory, 0o700);
    const closed = await secrets();
    await closed.get('password');
    expect([allowing.health?.(), closed.health?.()]).toEqual([{ status: 'ok' }, { status: 'ok' }]);
  });
});

it.each([
  ['nowhere', 'cannot be read (ENOENT)'],
  ['file', 'is no directory'],
])('does not start with what is no directory: %s', async (name, text) => {
  await writeFile(join(folder, 'file'), '');
  await expect(secrets({ directory: join(folder, name) })).rejects.toThrow(text);
});
