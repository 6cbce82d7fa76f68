import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConformances } from './load.js';

test('a module of conformance is waited for as long as told, and then refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-conformance-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'conformance.mjs'), 'await new Promise(() => undefined);');
  const limit = 20;
  await expect(loadConformances(folder, limit)).rejects.toMatchObject({
    name: 'CommandFailure',
    message: `importing "${join(folder, 'conformance.mjs')}" took longer than 20 ms`,
  });
});
