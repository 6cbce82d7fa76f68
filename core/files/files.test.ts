import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFile, makePrivateDirectory } from './index.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tutti-files-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('makePrivateDirectory', () => {
  it('removes what a killed writer left, and nothing that may be in use or has another name', async () => {
    const old = new Date(Date.now() - 120_000);
    const others = ['.server.key.0123456789ag', 'server.key.0123456789ab', '.hidden'];
    for (const name of ['.server.key.0123456789ab', ...others]) {
      await writeFile(join(directory, name), 'x');
      await utimes(join(directory, name), old, old);
    }
    await writeFile(join(directory, '.server.key.ba9876543210'), 'being written');
    await createFile(join(directory, 'server.key'), 'key', 0o600);
    await utimes(join(directory, 'server.key'), old, old);
    await makePrivateDirectory(directory);
    expect((await readdir(directory)).sort()).toEqual([...others, '.server.key.ba9876543210', 'server.key'].sort());
  });
});
