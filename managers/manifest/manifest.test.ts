import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collection, put, StateConflict, type StateProvider } from '../../core/ports/index.js';
import { type ManualClock, manualClock, recordingLogger } from '../../core/testing/index.js';
import { MemoryState } from '../../providers/state/memory/index.js';
import { addDevice, profile, startWfm, type Wfm } from '../../test/managers/wfm.js';
import { type Deployment, digestOf, readBundle, readManifest } from '../margo/index.js';
import type { DesiredChange } from './index.js';
import { manifestBlobs, manifests as records } from './record.js';

const notes = collection<{ readonly text: string }>('test-notes');
const minute = 60_000;

let wfm: Wfm;
let clock: ManualClock;
let state: MemoryState;
let clientId: string;
let log = recordingLogger();
beforeEach(async () => {
  clock = manualClock();
  state = new MemoryState();
  log = recordingLogger();
  wfm = await startWfm({ state, clock, log });
  clientId = (await addDevice(wfm)).id;
});
afterEach(() => wfm.stop());

function deployment(id: string, revision = '1.0.0'): Deployment {
  return {
    id,
    name: 'pump',
    namespace: 'default',
    deviceId: 'press-7',
    applicationId: 'com-acme-pump',
    profile: profile('compose', revision),
    parameters: {},
  };
}
const change = (deployments: readonly Deployment[], more: Partial<DesiredChange> = {}) =>
  Promise.resolve({ deployments, form: 'D2' as const, alongside: () => [], ...more });
const publish = (deployments: readonly Deployment[], more: Partial<DesiredChange> = {}) =>
  wfm.manifests.update(clientId, () => change(deployments, more));
const read = (bytes: Uint8Array) => {
  const { manifest } = readManifest(bytes);
  if (!manifest) throw new Error('not a manifest');
  return manifest;
};
async function blobCount(on: StateProvider = state): Promise<number> {
  return on.count(manifestBlobs);
}

describe('the first manifest', () => {
  it('is there for every client, the same for all, before anything is written', async () => {
    const first = wfm.manifests.current(clientId);
    expect(first).toMatchObject({ version: 1, etag: digestOf(first?.bytes ?? new Uint8Array()) });
    expect(read(first?.bytes ?? new Uint8Array())).toMatchObject({ version: 1, bundle: null, deployments: [] });
    expect(wfm.manifests.current((await addDevice(wfm, 'other')).id)).toEqual(first);
    expect(wfm.manifests.current('nobody')).toBeUndefined();
    expect(await state.count(records)).toBe(0);
  });
});

describe('update', () => {
  it('publishes manifest, bundle and deployments whose digests all fit', async () => {
    const [a, b] = [randomUUID(), randomUUID()];
    const published = await publish([deployment(a), deployment(b)]);
    expect(wfm.manifests.current(clientId)).toEqual(published);
    expect(published).toMatchObject({ version: 2, etag: digestOf(published.bytes) });
    const manifest = read(published.bytes);
    const bundle = (await wfm.manifests.bundle(clientId, manifest.bundle?.digest ?? '')) ?? new Uint8Array();
    const members = await readBundle(bundle, manifest, { bytes: 1e6, entries: 10 });
    expect([...members.keys()].sort()).toEqual([a, b].sort());
    for (const listed of manifest.deployments) {
      const bytes = await wfm.manifests.deployment(clientId, listed.deploymentId, listed.digest);
      expect(digestOf(bytes ?? new Uint8Array())).toBe(listed.digest);
    }
  });

  it('makes no new version when nothing changes, and still writes what is alongside', async () => {
    const id = randomUUID();
    const first = await publish([deployment(id)]);
    expect(await publish([deployment(id)], { alongside: () => [put(notes, 'n', { text: 'x' })] })).toEqual(first);
    expect(await state.get(notes, 'n')).toMatchObject({ value: { text: 'x' } });
    expect((await publish([deployment(id)], { form: 'D1' })).version).toBe(3);
    expect((await publish([])).version).toBe(4);
  });

  it('writes nothing at all when what is alongside cannot be written', async () => {
    const bad = { alongside: () => [put(notes, 'n', { text: 'x' }), put(notes, 'm', { text: 1n } as never)] };
    await expect(publish([deployment(randomUUID())], bad)).rejects.toThrow(TypeError);
    expect(await state.get(notes, 'n')).toBeUndefined();
    expect(await blobCount()).toBe(0);
    expect(wfm.manifests.current(clientId)?.version).toBe(1);
  });

  it('lets changes of a client come one after the other, on every host', async () => {
    const other = await startWfm({ state, clock, dataDir: wfm.dataDir });
    const ids = Array.from({ length: 20 }, () => randomUUID());
    await Promise.all(
      ids.map((id, at) =>
        (at % 2 === 0 ? wfm : other).manifests.update(clientId, async () => {
          const known = (await state.list(notes)).items.map(({ key }) => deployment(key));
          return change([...known, deployment(id)], { alongside: () => [put(notes, id, { text: 'desired' })] });
        }),
      ),
    );
    await expect.poll(() => wfm.manifests.current(clientId)?.version).toBe(21);
    expect(read(wfm.manifests.current(clientId)?.bytes ?? new Uint8Array()).deployments).toHaveLength(20);
    await other.stop();
  });

  it('tells the caller when it loses every race', async () => {
    const lost = () => change([], { alongside: () => [put(notes, 'n', { text: 'x' }, 999)] });
    await expect(wfm.manifests.update(clientId, lost)).rejects.toMatchObject({
      kind: { status: 503 },
      cause: expect.any(StateConflict),
    });
  });
});

describe('bundles and deployments', () => {
  it('can be fetched for three more manifests, and are gone after that', async () => {
    const id = randomUUID();
    const { bytes } = await publish([deployment(id, '1.0.0')]);
    const { bundle, deployments } = read(bytes);
    const old = () =>
      Promise.all([
        wfm.manifests.bundle(clientId, bundle?.digest ?? ''),
        wfm.manifests.deployment(clientId, id, deployments[0]?.digest ?? ''),
      ]);
    for (const revision of ['1.0.1', '1.0.2', '1.0.3']) await publish([deployment(id, revision)]);
    expect(await old()).not.toContain(undefined);
    await publish([deployment(id, '1.0.4')]);
    expect(await old()).toEqual([undefined, undefined]);
    expect(await blobCount()).toBe(8);
  });

  it('stay while the manifest lists them, also when they come back', async () => {
    const id = randomUUID();
    for (const revision of ['1', '2', '1', '2', '1', '2', '1']) await publish([deployment(id, revision)]);
    const { deployments, bundle } = read(wfm.manifests.current(clientId)?.bytes ?? new Uint8Array());
    expect(await state.get(manifestBlobs, `${clientId}/${deployments[0]?.digest}`)).toBeDefined();
    expect(await state.get(manifestBlobs, `${clientId}/${bundle?.digest}`)).toBeDefined();
  });

  it('are never those of another client, nor one for the other', async () => {
    const id = randomUUID();
    const { bytes } = await publish([deployment(id)]);
    const { bundle, deployments } = read(bytes);
    const digest = deployments[0]?.digest ?? '';
    const other = (await addDevice(wfm, 'other')).id;
    expect(await wfm.manifests.deployment(clientId, id, digest)).toBeDefined();
    expect(await wfm.manifests.deployment(other, id, digest)).toBeUndefined();
    expect(await wfm.manifests.bundle(other, bundle?.digest ?? '')).toBeUndefined();
    expect(await wfm.manifests.deployment(clientId, randomUUID(), digest)).toBeUndefined();
    expect(await wfm.manifests.bundle(clientId, digest)).toBeUndefined();
  });

  it('go with their client', async () => {
    await publish([deployment(randomUUID())]);
    await state.commit(await wfm.manifests.removal(clientId));
    expect([await blobCount(), await state.count(records)]).toEqual([0, 0]);
    expect(await wfm.manifests.removal('nobody')).toEqual([]);
  });
});

describe('what was delivered', () => {
  it('is known on every host and after a restart, and written once for each version', async () => {
    const other = await startWfm({ state, clock, dataDir: wfm.dataDir });
    await wfm.manifests.noteDelivered(clientId, 1);
    expect(await state.count(records)).toBe(0);
    const { etag } = await publish([deployment('d')]);
    expect(await wfm.manifests.wasDelivered(clientId, 2)).toBe(false);
    await Promise.all(Array.from({ length: 5 }, () => wfm.manifests.noteDelivered(clientId, 2)));
    const revision = (await state.get(records, clientId))?.revision;
    await wfm.manifests.noteDelivered(clientId, 1);
    await wfm.manifests.noteDelivered(clientId, 2);
    expect((await state.get(records, clientId))?.revision).toBe(revision);
    const again = await startWfm({ state, clock, dataDir: wfm.dataDir });
    for (const { manifests } of [wfm, other, again]) {
      expect([await manifests.wasDelivered(clientId, 2), await manifests.wasDelivered(clientId, 3)]).toEqual([
        true,
        false,
      ]);
      expect(manifests.current(clientId)?.etag).toBe(etag);
    }
    await other.stop();
    await again.stop();
  });

  it('is asked for where nothing is known', async () => {
    expect(await wfm.manifests.wasDelivered('nobody', 2)).toBe(false);
  });
});

describe('a restart', () => {
  it('serves the same bytes', async () => {
    const published = await publish([deployment(randomUUID())]);
    const again = await startWfm({ state, clock, dataDir: wfm.dataDir });
    expect(again.manifests.current(clientId)).toEqual(published);
    expect([...again.manifests.clients()]).toEqual([{ clientId, form: 'D2' }]);
    await again.stop();
  });
});

describe('observe', () => {
  const foreign = `sha256:${'f'.repeat(64)}`;

  it('leaves alone whoever holds what was issued, the first manifest included', async () => {
    const first = wfm.manifests.current(clientId)?.etag ?? '';
    const etags = [first];
    for (let revision = 1; revision <= 10; revision++)
      etags.push((await publish([deployment('d', `${revision}`)])).etag);
    for (const etag of etags) await wfm.manifests.observe(clientId, etag);
    expect(wfm.manifests.current(clientId)?.version).toBe(11);
    expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  it('knows the first manifest for ever, and others for a while', async () => {
    const first = wfm.manifests.current(clientId)?.etag ?? '';
    const second = await publish([deployment('d', '0')]);
    for (let revision = 1; revision <= 64; revision++) await publish([deployment('d', `${revision}`)]);
    await wfm.manifests.observe(clientId, first);
    expect(wfm.manifests.current(clientId)?.version).toBe(66);
    await wfm.manifests.observe(clientId, second.etag);
    expect(wfm.manifests.current(clientId)?.version).toBe(2 ** 20 + 1);
  });

  it('moves a client that holds something newer to the next epoch, with the same deployments', async () => {
    const id = randomUUID();
    const before = read((await publish([deployment(id)])).bytes);
    await wfm.manifests.observe(clientId, foreign);
    const after = wfm.manifests.current(clientId);
    expect(after?.version).toBe(2 ** 20 + 1);
    expect(read(after?.bytes ?? new Uint8Array()).deployments).toEqual(before.deployments);
    expect((await publish([deployment(id, '2')])).version).toBe(2 ** 20 + 2);
    expect(log.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', fields: expect.objectContaining({ clientId }) }),
    );
  });

  it('moves a client that never had a deployment here', async () => {
    await wfm.manifests.observe(clientId, foreign);
    expect(wfm.manifests.current(clientId)?.version).toBe(2 ** 20 + 1);
  });

  it('does so once a minute at most, on every host', async () => {
    const other = await startWfm({ state, clock, dataDir: wfm.dataDir });
    await Promise.all([wfm, other, wfm].map(({ manifests }) => manifests.observe(clientId, foreign)));
    await wfm.manifests.observe(clientId, `${foreign}x`);
    expect(wfm.manifests.current(clientId)?.version).toBe(2 ** 20 + 1);
    await clock.advance(minute);
    await wfm.manifests.observe(clientId, foreign);
    expect(wfm.manifests.current(clientId)?.version).toBe(2 * 2 ** 20 + 1);
    await other.stop();
  });

  it("can be an operator's decision, at any time", async () => {
    expect((await wfm.manifests.advanceEpoch(clientId)).version).toBe(2 ** 20 + 1);
    expect((await wfm.manifests.advanceEpoch(clientId)).version).toBe(2 * 2 ** 20 + 1);
    await expect(wfm.manifests.advanceEpoch('nobody')).rejects.toMatchObject({ kind: { status: 404 } });
  });
});
