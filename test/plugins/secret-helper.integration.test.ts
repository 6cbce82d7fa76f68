import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPlugin } from '../../core/plugin/loader.js';
import type { SecretProvider } from '../../core/ports/index.js';
import { systemClock, type TestContext, testContext } from '../../core/testing/index.js';

const isThere = (): boolean => {
  try {
    execFileSync('sh', ['-c', 'command -v docker-credential-pass && command -v pass && command -v gpg']);
    return true;
  } catch {
    return false;
  }
};

/** With the password store of a person, by Docker's own helper for it. */
describe.skipIf(!isThere())('secret.helper over pass', () => {
  const before = { GNUPGHOME: process.env['GNUPGHOME'], PASSWORD_STORE_DIR: process.env['PASSWORD_STORE_DIR'] };
  let folder: string;
  let secrets: TestContext<SecretProvider>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tutti-pass-'));
    Object.assign(process.env, { GNUPGHOME: join(folder, 'gnupg'), PASSWORD_STORE_DIR: join(folder, 'store') });
    await mkdir(join(folder, 'gnupg'), { mode: 0o700 });
    const person = ['host@plant.example', 'default', 'default', 'never'];
    await promisify(execFile)('gpg', ['--batch', '--passphrase', '', '--quick-generate-key', ...person]);
    await promisify(execFile)('pass', ['init', 'host@plant.example']);
    const { definitions } = await loadPlugin('./plugins/secret-helper', { from: resolve('profile.yaml') });
    const [definition] = definitions;
    if (!definition) throw new Error('the plugin has no definition');
    secrets = await testContext<SecretProvider>(definition, { config: { helper: 'pass' }, clock: systemClock });
  });
  afterAll(async () => {
    await secrets?.dispose();
    await promisify(execFile)('gpgconf', ['--kill', 'all']);
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await rm(folder, { recursive: true });
  });

  it('gets what was stored, and says what was not', async () => {
    const store = spawn('docker-credential-pass', ['store'], { stdio: ['pipe', 'ignore', 'inherit'] });
    store.stdin.end(JSON.stringify({ ServerURL: 'tutti://hooks/plant', Username: 'tutti', Secret: 'correct horse' }));
    expect(await once(store, 'close')).toEqual([0, null]);
    expect(await secrets.instance.get('hooks/plant')).toBe('correct horse');
    await expect(secrets.instance.get('hooks/other')).rejects.toMatchObject({ reason: 'not-found' });
  });
});
