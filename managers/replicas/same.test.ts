import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createAuthority } from '../../core/identity/index.js';
import { silentLogger, testContext } from '../../core/testing/index.js';
import { MemoryState } from '../../providers/state/memory/index.js';
import replicas from './definition.js';

let directory: string;
let state: MemoryState;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tutti-replicas-'));
  state = new MemoryState();
});
afterEach(() => rm(directory, { recursive: true }));

const now = Date.now();
const certificate = async (): Promise<string> => (await createAuthority({ commonName: 'CA', now })).certificate.pem;

/** A replica that has these certificates. */
async function start(...pem: readonly string[]): Promise<void> {
  const file = join(directory, 'ca.crt');
  await writeFile(file, pem.join('\n'));
  const config = { certificates: { server: file } };
  await (await testContext(replicas, { uses: { state }, config, log: silentLogger() })).start();
}

it('lets replicas start that have the same certificates, and no other one', async () => {
  const [ours, other] = [await certificate(), await certificate()];
  await Promise.all([start(ours), start(ours)]);
  await start(ours);
  await expect(start(other)).rejects.toThrow(/ca\.crt \(SHA-256 .*is not what the other replicas .* have as "server"/);
  await start(ours);
});

it('has a CA replaced by one after the other, with both for a while', async () => {
  const [old, next] = [await certificate(), await certificate()];
  await start(old);
  await start(old, next);
  // One that was not told yet.
  await start(old);
  await start(next, old);
  await start(next);
  await expect(start(old)).rejects.toThrow('Give this replica the same file');
});

it('says which file cannot be read', async () => {
  await expect(start('this is no certificate')).rejects.toThrow(/ca\.crt: the certificates .* cannot be read/);
});
