import { once as event } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../test/parts/tools.js';
import { startProgram } from '../../test/program.js';
import { TestClock } from '../../test/registry/client.js';
import { imageManifest, once, pushBlob } from '../../test/registry/content.js';
import { mediaTypes, sha256 } from './manifest.js';
import { RegistryStorage } from './storage.js';

const repository = 'apps/pump';
let root: string;
let clock: TestClock;
let storage: RegistryStorage;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'tutti-storage-'));
  clock = new TestClock();
  storage = new RegistryStorage(root, { blobLimit: 1_000, openUploads: 2, uploadIdle: 60_000 }, clock);
  await storage.uploads.start();
});
afterEach(async () => {
  await storage.uploads.stop();
  rmSync(root, { recursive: true });
});

const pushed = async (tag: string, text = tag, more: object = {}): Promise<string> => {
  const manifest = imageManifest(await pushBlob(storage, repository, Buffer.from(text)), more);
  return (await storage.putManifest(repository, tag, manifest.mediaType, manifest.bytes)).digest;
};
const uploads = () => readdirSync(join(root, '_uploads'));

describe('a blob', () => {
  it('is there once its digest is known to be right', async () => {
    const bytes = Buffer.from('hello');
    const upload = await storage.beginUpload(repository);
    expect(await storage.uploads.append(repository, upload, once(bytes.subarray(0, 2)))).toBe(2);
    await expect(storage.blobSize(repository, sha256(bytes))).rejects.toMatchObject({
      code: 'BLOB_UNKNOWN',
      status: 404,
    });
    expect(await storage.uploads.append(repository, upload, once(bytes.subarray(2)), 2)).toBe(5);
    await storage.finishUpload(repository, upload, sha256(bytes));
    const { file, size } = await storage.blob(repository, sha256(bytes));
    expect([size, (await file.readFile()).toString()]).toEqual([5, 'hello']);
    await file.close();
    expect(uploads()).toEqual([]);
  });

  it('of another digest never appears, and leaves nothing', async () => {
    const upload = await storage.beginUpload(repository);
    await storage.uploads.append(repository, upload, once(Buffer.from('hello')));
    const other = sha256(Buffer.from('other'));
    await expect(storage.finishUpload(repository, upload, other)).rejects.toMatchObject({ code: 'DIGEST_INVALID' });
    await expect(storage.blobSize(repository, other)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
    await expect(storage.finishUpload(repository, upload, other)).rejects.toMatchObject({
      code: 'BLOB_UPLOAD_UNKNOWN',
    });
    expect(uploads()).toEqual([]);
  });

  it('that is too large is dropped at the first byte too many', async () => {
    const upload = await storage.beginUpload(repository);
    await storage.uploads.append(repository, upload, once(Buffer.alloc(1_000)));
    const more = storage.uploads.append(repository, upload, once(Buffer.alloc(1)));
    await expect(more).rejects.toMatchObject({ code: 'SIZE_INVALID', status: 413 });
    expect(uploads()).toEqual([]);
  });

  it('goes on where it broke off, and nowhere else', async () => {
    const upload = await storage.beginUpload(repository);
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('hel');
      throw new Error('connection lost');
    }
    await expect(storage.uploads.append(repository, upload, broken())).rejects.toThrow('connection lost');
    await expect(storage.uploads.append(repository, upload, once(Buffer.from('x')), 5)).rejects.toMatchObject({
      status: 416,
      headers: { Range: '0-2' },
    });
    await storage.uploads.append(repository, upload, once(Buffer.from('lo')), 3);
    await storage.finishUpload(repository, upload, sha256(Buffer.from('hello')));
  });

  it('has one writer at a time', async () => {
    const upload = await storage.beginUpload(repository);
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    async function* slow(): AsyncGenerator<Uint8Array> {
      await gate;
      yield Buffer.from('hello');
    }
    const first = storage.uploads.append(repository, upload, slow());
    const second = storage.uploads.append(repository, upload, once(Buffer.from('x')));
    await expect(second).rejects.toMatchObject({ status: 409 });
    go();
    expect(await first).toBe(5);
  });

  it('of an upload in another repository is not to be had', async () => {
    const upload = await storage.beginUpload(repository);
    expect(() => storage.uploads.size('apps/other', upload)).toThrow('no such upload');
  });

  it('is shared with another repository without a copy', async () => {
    const { digest } = await pushBlob(storage, repository, Buffer.from('shared'));
    expect(await storage.mountBlob('apps/other', repository, digest)).toBe(true);
    expect(await storage.mountBlob('apps/other', repository, digest)).toBe(true);
    expect(await storage.blobSize('apps/other', digest)).toBe(6);
    expect(await storage.mountBlob('apps/third', repository, sha256(Buffer.from('none')))).toBe(false);
    expect(readdirSync(join(root, 'apps')).sort()).toEqual(['other', 'pump']);
  });
});

describe('uploads', () => {
  it('are limited in number, however many begin at once', async () => {
    const all = await Promise.allSettled([1, 2, 3, 4].map(() => storage.beginUpload(repository)));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(all[3]).toMatchObject({ reason: { status: 429, code: 'TOOMANYREQUESTS' } });
  });

  it('are dropped when nobody goes on with them', async () => {
    const idle = await storage.beginUpload(repository);
    await clock.delay(40_000);
    const used = await storage.beginUpload(repository);
    await clock.delay(30_000);
    await storage.uploads.sweep();
    expect(() => storage.uploads.size(repository, idle)).toThrow('no such upload');
    expect(storage.uploads.size(repository, used)).toBe(0);
    expect(uploads()).toEqual([used]);
  });

  it('of an earlier process are cleared away', async () => {
    writeFileSync(join(root, '_uploads', 'left'), 'half');
    await new RegistryStorage(root, { blobLimit: 1, openUploads: 1, uploadIdle: 1 }, clock).uploads.start();
    expect(uploads()).toEqual([]);
  });
});

describe('a manifest', () => {
  it('is given back byte for byte, by tag and by digest', async () => {
    const manifest = imageManifest(await pushBlob(storage, repository, Buffer.from('a')));
    const bytes = Buffer.from(JSON.stringify(JSON.parse(manifest.bytes.toString()), null, 3));
    const { digest } = await storage.putManifest(repository, '1.0.0', mediaTypes.manifest, bytes);
    expect(digest).toBe(sha256(bytes));
    for (const reference of ['1.0.0', digest]) {
      const found = await storage.manifest(repository, reference);
      expect(found).toMatchObject({ digest, mediaType: mediaTypes.manifest });
      expect(bytes.equals(found.bytes)).toBe(true);
    }
  });

  it('is refused while a blob of it is missing or of another size', async () => {
    const missing = { mediaType: 'x/y', digest: sha256(Buffer.from('none')), size: 4 };
    const here = await pushBlob(storage, repository, Buffer.from('here'));
    for (const [blob, code] of [
      [missing, 'MANIFEST_BLOB_UNKNOWN'],
      [{ ...here, size: 5 }, 'MANIFEST_INVALID'],
    ] as const) {
      const { mediaType, bytes } = imageManifest(blob);
      await expect(storage.putManifest(repository, '1', mediaType, bytes)).rejects.toMatchObject({ status: 400, code });
    }
    await expect(storage.manifest(repository, '1')).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' });
    const other = imageManifest(here);
    await expect(storage.putManifest('apps/other', '1', other.mediaType, other.bytes)).rejects.toMatchObject({
      code: 'MANIFEST_BLOB_UNKNOWN',
    });
  });

  it('that is an index needs its manifests', async () => {
    const digest = await pushed('1.0.0');
    const size = (await storage.manifest(repository, digest)).bytes.byteLength;
    const index = (one: object) =>
      Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: [one] }));
    const child = { mediaType: mediaTypes.manifest, digest, size };
    await storage.putManifest(repository, 'multi', mediaTypes.index, index(child));
    const blob = await pushBlob(storage, repository, Buffer.from('no manifest'));
    const wrong = storage.putManifest(repository, 'wrong', mediaTypes.index, index(blob));
    await expect(wrong).rejects.toMatchObject({ code: 'MANIFEST_BLOB_UNKNOWN' });
  });

  it.each([
    ['no JSON', '{', mediaTypes.manifest],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), mediaTypes.manifest],
    ['not a manifest', '{}', mediaTypes.manifest],
    ['an index sent as a manifest', JSON.stringify({ schemaVersion: 2, manifests: [] }), mediaTypes.manifest],
    ['an unknown type', '{}', 'application/json'],
    ['no type', '{}', ''],
  ])('is refused: %s', async (_, text, mediaType) => {
    const put = storage.putManifest(repository, '1', mediaType, Buffer.from(text));
    await expect(put).rejects.toMatchObject({ status: 400, code: 'MANIFEST_INVALID' });
  });

  it('is refused when it says to be something else than it is sent as', async () => {
    const blob = await pushBlob(storage, repository, Buffer.from('a'));
    const { bytes } = imageManifest(blob, { mediaType: mediaTypes.dockerManifest });
    const put = storage.putManifest(repository, '1', mediaTypes.manifest, bytes);
    await expect(put).rejects.toMatchObject({ code: 'MANIFEST_INVALID', message: expect.stringContaining('it says') });
  });

  it('is refused under a digest that is not its own', async () => {
    const { mediaType, bytes, digest } = imageManifest(await pushBlob(storage, repository, Buffer.from('a')));
    const put = storage.putManifest(repository, sha256(Buffer.from('b')), mediaType, bytes);
    await expect(put).rejects.toMatchObject({ code: 'DIGEST_INVALID' });
    expect(await storage.putManifest(repository, digest, mediaType, bytes)).toMatchObject({ digest });
    expect(await storage.tags(repository)).toEqual([]);
  });

  it('can still be had by digest after its tag has moved on', async () => {
    const [old, now] = [await pushed('latest', 'one'), await pushed('latest', 'two')];
    expect(await storage.tags(repository)).toEqual(['latest']);
    expect((await storage.manifest(repository, 'latest')).digest).toBe(now);
    expect((await storage.manifest(repository, old)).digest).toBe(old);
  });

  it('loses a tag, or goes with all tags and with the blobs that were its own', async () => {
    const shared = await pushBlob(storage, repository, Buffer.from('shared'));
    const one = imageManifest(shared, { layers: [shared, await pushBlob(storage, repository, Buffer.from('own'))] });
    const two = imageManifest(shared);
    for (const [tag, { mediaType, bytes }] of [
      ['a', one],
      ['b', one],
      ['c', two],
    ] as const) {
      await storage.putManifest(repository, tag, mediaType, bytes);
    }
    await storage.deleteManifest(repository, 'a');
    expect(await storage.tags(repository)).toEqual(['b', 'c']);
    await expect(storage.deleteManifest(repository, 'a')).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' });
    await expect(storage.deleteBlob(repository, sha256(Buffer.from('own')))).rejects.toMatchObject({ status: 405 });
    await storage.deleteManifest(repository, one.digest);
    expect(await storage.tags(repository)).toEqual(['c']);
    await expect(storage.blobSize(repository, sha256(Buffer.from('own')))).rejects.toMatchObject({
      code: 'BLOB_UNKNOWN',
    });
    expect(await storage.blobSize(repository, shared.digest)).toBe(6);
  });

  it('is listed as referrer of its subject, with its annotations', async () => {
    const subject = await pushed('1.0.0');
    const facts = { artifactType: 'x/signature', annotations: { by: 'ada' } };
    const referrer = await pushed('sig', 'sig', { ...facts, subject: { mediaType: 'x/y', digest: subject, size: 1 } });
    expect(await storage.referrers(repository, subject)).toMatchObject([{ digest: referrer, ...facts }]);
    expect(await storage.referrers(repository, referrer)).toEqual([]);
    expect(await storage.referrers('apps/none', subject)).toEqual([]);
  });

  it('keeps all tags when many are pushed at once', async () => {
    const manifest = imageManifest(await pushBlob(storage, repository, Buffer.from('a')));
    const tags = Array.from({ length: 20 }, (_, count) => `t${count}`);
    await Promise.all(tags.map((tag) => storage.putManifest(repository, tag, manifest.mediaType, manifest.bytes)));
    expect(await storage.tags(repository)).toEqual(tags.sort());
  });
});

describe('a name or digest', () => {
  it('never leads out of the folder', async () => {
    const parts = fc.oneof(
      fc.constantFrom('..', '.', '/', '%2e', '\0', 'a', '_oci', '_uploads', 'sha256:'),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(parts, { maxLength: 5 }), async (words) => {
        const text = words.join('/');
        const faults = [
          await storage.blobSize(text, sha256(Buffer.from('x'))).catch((error: unknown) => error),
          await storage.blobSize(repository, text).catch((error: unknown) => error),
          await storage.manifest(repository, text).catch((error: unknown) => error),
          await storage.mountBlob(text, '../..', text).catch((error: unknown) => error),
        ];
        for (const fault of faults) expect(fault).toHaveProperty('name', 'DistributionFault');
      }),
    );
    expect(readdirSync(root)).toEqual(['_uploads']);
  });
});

describe('trouble', () => {
  it('on a full disk leaves no junk and says so', async ({ skip }) => {
    const small = join(root, 'small');
    mkdirSync(small);
    const mounted =
      process.platform === 'linux' && process.getuid?.() === 0
        ? await run('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', small])
        : undefined;
    if (mounted?.code !== 0) skip('only root on Linux can mount a small disk');
    try {
      const full = new RegistryStorage(small, { blobLimit: 1e9, openUploads: 4, uploadIdle: 1 }, clock);
      await full.uploads.start();
      const kept = await pushBlob(full, repository, Buffer.alloc(10_000));
      const upload = await full.beginUpload(repository);
      const append = full.uploads.append(
        repository,
        upload,
        once(...Array.from({ length: 8 }, () => Buffer.alloc(65_536))),
      );
      await expect(append).rejects.toMatchObject({ status: 507 });
      expect(readdirSync(join(small, '_uploads'))).toEqual([]);
      expect(await full.blobSize(repository, kept.digest)).toBe(10_000);
    } finally {
      await run('umount', [small]);
    }
  });

  it('kill -9 at any moment loses nothing that was acknowledged, and leaves nothing half', async () => {
    const acknowledged = new Map<string, string>();
    for (let round = 0; round < 6; round++) {
      const child = startProgram(new URL('../../test/registry/pusher.ts', import.meta.url), [root, `r${round}`]);
      const closed = event(child, 'close');
      const last = 5 + Math.floor(Math.random() * 20);
      let lines = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        const [tag = '', digest = ''] = line.split(' ');
        acknowledged.set(tag, digest);
        lines += 1;
        if (lines === last) child.kill('SIGKILL');
      }
      await closed;
      expect(lines).toBeGreaterThanOrEqual(last);
    }
    const after = new RegistryStorage(root, { blobLimit: 1e6, openUploads: 4, uploadIdle: 1 }, clock);
    await after.uploads.start();
    for (const [tag, digest] of acknowledged) expect((await after.manifest('apps/killed', tag)).digest).toBe(digest);
    for (const tag of await after.tags('apps/killed')) {
      const { bytes, digest } = await after.manifest('apps/killed', tag);
      expect(sha256(bytes)).toBe(digest);
      const { layers } = JSON.parse(Buffer.from(bytes).toString()) as { layers: { digest: string }[] };
      for (const layer of layers) {
        const { file } = await after.blob('apps/killed', layer.digest);
        expect(sha256(await file.readFile())).toBe(layer.digest);
        await file.close();
      }
    }
    expect(readFileSync(join(root, 'apps/killed/_oci/oci-layout'), 'utf8')).toContain('1.0.0');
  });
});
