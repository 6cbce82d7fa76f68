import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { allOf } from '../../core/mirror/index.js';
import type { StateProvider } from '../../core/ports/index.js';
import { silentLogger } from '../../core/testing/index.js';
import { instances } from '../../managers/instance/record.js';
import { keptDigests, manifestBlobs, manifests } from '../../managers/manifest/record.js';
import { digestOf, readManifest } from '../../managers/margo/index.js';
import { SqliteState } from '../../providers/state/sqlite/index.js';
import { startProgram } from '../program.js';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tutti-crash-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

/** Lets a fleet manager work for a random time, then kills it as a power cut would. */
async function workAndDie(): Promise<void> {
  const child = startProgram(new URL('crash-child.ts', import.meta.url), [dataDir]);
  const exited = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), exited]);
  // The moment of a power cut is chance: a part of what the child does in a third of a second.
  const timer = setTimeout(() => child.kill('SIGKILL'), 20 + Math.random() * 300);
  const [code, signal] = await exited;
  clearTimeout(timer);
  expect([code, signal]).toEqual([null, 'SIGKILL']);
}

/** What must be true of the store at any moment. @returns versions by client */
async function check(state: StateProvider): Promise<Map<string, number>> {
  const versions = new Map<string, number>();
  const wanted = new Set<string>();
  const listed = new Map<string, string[]>();
  for await (const { key: clientId, value } of allOf(state, manifests)) {
    const bytes = Buffer.from(value.text);
    expect(digestOf(bytes)).toBe(value.etag);
    const { manifest } = readManifest(bytes);
    expect(manifest?.version).toBe(value.version);
    listed.set(clientId, (manifest?.deployments ?? []).map(({ deploymentId }) => deploymentId).sort());
    for (const digest of keptDigests(value)) wanted.add(`${clientId}/${digest}`);
    versions.set(clientId, value.version);
  }
  const desired = new Map([...listed.keys()].map((clientId) => [clientId, [] as string[]]));
  for await (const { value } of allOf(state, instances)) {
    if (value.operation !== 'DELETE') desired.get(value.clientId)?.push(value.id);
  }
  expect(new Map([...desired].map(([clientId, ids]) => [clientId, ids.sort()]))).toEqual(listed);
  const kept = new Set<string>();
  for await (const { key, value } of allOf(state, manifestBlobs)) {
    kept.add(key);
    expect(key.endsWith(digestOf(value))).toBe(true);
  }
  expect(kept).toEqual(wanted);
  return versions;
}

it('leaves deployments, manifests and blobs in one piece, wherever it is killed', async () => {
  let before = new Map<string, number>();
  for (let death = 0; death < 4; death++) {
    await workAndDie();
    const state = new SqliteState({ file: join(dataDir, 'state.db'), maxBytes: undefined }, silentLogger());
    state.start();
    const versions = await check(state);
    expect(versions.size).toBe(2);
    for (const [clientId, version] of versions) expect(version).toBeGreaterThan(before.get(clientId) ?? 0);
    before = versions;
    await state.stop();
  }
});
