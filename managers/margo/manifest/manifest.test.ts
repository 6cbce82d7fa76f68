import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packTarGz } from '../../../core/archive/index.js';
import { digestOf } from '../digest.js';
import { readBundle } from './bundle.js';
import { composeManifest } from './compose.js';
import { type Manifest, readManifest } from './read.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const limits = { bytes: 1_000_000, entries: 100 };
const two = [
  { id: 'b', bytes: bytes('id: b\n') },
  { id: 'a', bytes: bytes('id: a\n') },
];
const input = { clientId: 'c 1', version: 7, deployments: two, basePath: '/api/v1' };
const parsed = async () => JSON.parse(new TextDecoder().decode((await composeManifest(input)).manifestBytes));
const faultsOf = (document: unknown) =>
  readManifest(bytes(JSON.stringify(document))).faults.map(({ field, message }) => `${field}: ${message}`);

describe('composeManifest', () => {
  it('says what the standard asks for', async () => {
    const { bundle, blobs, etag, manifestBytes } = await composeManifest(input);
    const a = digestOf(bytes('id: a\n'));
    expect(blobs.map(({ deploymentId }) => deploymentId)).toEqual(['a', 'b']);
    expect(etag).toBe(digestOf(manifestBytes));
    expect(bundle && digestOf(bundle.bytes)).toBe(bundle?.digest);
    expect(await parsed()).toMatchObject({
      manifestVersion: 7,
      bundle: {
        mediaType: 'application/vnd.margo.bundle.v1+tar+gzip',
        digest: bundle?.digest,
        sizeBytes: bundle?.bytes.length,
        url: `/api/v1/clients/c%201/bundles/${bundle?.digest}`,
      },
      deployments: [
        { deploymentId: 'a', digest: a, sizeBytes: 6, url: `/api/v1/clients/c%201/deployments/a/${a}` },
        {},
      ],
    });
    expect(new TextDecoder().decode(gunzipSync(bundle?.bytes ?? '').subarray(0, 6))).toBe('a.yaml');
  });

  it('is canonical and does not depend on the order', async () => {
    const one = await composeManifest(input);
    const other = await composeManifest({ ...input, deployments: two.toReversed() });
    expect(Buffer.from(other.manifestBytes)).toEqual(Buffer.from(one.manifestBytes));
    expect(new TextDecoder().decode(one.manifestBytes)).toMatch(/^\{"bundle":\{"digest":".*"manifestVersion":7\}$/);
  });

  it('has no bundle exactly when there is nothing to deploy', async () => {
    const empty = await composeManifest({ ...input, deployments: [] });
    expect(empty.bundle).toBeUndefined();
    expect(new TextDecoder().decode(empty.manifestBytes)).toBe('{"bundle":null,"deployments":[],"manifestVersion":7}');
  });

  it('leaves the client out where the dialect does', async () => {
    const { clientId: _, ...rest } = input;
    const { manifestBytes, bundle } = await composeManifest(rest);
    expect(readManifest(manifestBytes).manifest?.bundle?.url).toBe(`/api/v1/bundles/${bundle?.digest}`);
  });

  it.each([0, -1, 1.5, 2 ** 53, Number.NaN])('refuses the version %d', async (version) => {
    await expect(composeManifest({ ...input, version })).rejects.toThrow('no manifest can have the version');
  });
});

describe('readManifest', () => {
  it('reads what the other side composed', async () => {
    const { manifest, faults } = readManifest((await composeManifest(input)).manifestBytes);
    expect(faults).toEqual([]);
    expect(manifest).toMatchObject({ version: 7, deployments: [{ deploymentId: 'a' }, { deploymentId: 'b' }] });
  });

  it('believes no size', async () => {
    const document = await parsed();
    document.bundle.sizeBytes = 'many';
    document.deployments[0].sizeBytes = 1e300;
    expect(faultsOf(document)).toEqual([]);
  });

  it.each([
    ['version 0', { manifestVersion: 0 }, 'manifestVersion: Too small'],
    ['a version that is not exact', { manifestVersion: 2 ** 60 }, 'manifestVersion: Too big'],
    ['a version in text', { manifestVersion: '7' }, 'manifestVersion: Invalid input'],
    ['no bundle', { bundle: undefined }, 'bundle: is missing'],
    ['no bundle for deployments', { bundle: null }, 'bundle: must not be null'],
    ['a bundle for nothing', { deployments: [] }, 'bundle: must be null'],
    ['another bundle type', { bundle: { mediaType: 'application/zip' } }, 'bundle.mediaType: '],
    ['another digest', { bundle: { digest: `sha512:${'a'.repeat(128)}` } }, 'bundle.digest: must be sha256'],
    ['a short digest', { bundle: { digest: 'sha256:abc' } }, 'bundle.digest: must be sha256'],
    ['upper case', { bundle: { digest: `sha256:${'A'.repeat(64)}` } }, 'bundle.digest: must be sha256'],
    ['no deployments', { deployments: undefined }, 'deployments: is missing'],
    [
      'an id that is a path',
      { deployments: [{ deploymentId: '../x', digest: digestOf(bytes('')) }] },
      'deployments.0.deploymentId: must be',
    ],
    ['a bad digest', { deployments: [{ deploymentId: 'a', digest: 'md5:1' }] }, 'deployments.0.digest: must be sha256'],
  ])('refuses %s', async (_name, change, fault) => {
    const document = await parsed();
    const bundle = 'bundle' in change && change.bundle ? { ...document.bundle, ...change.bundle } : document.bundle;
    const changed = { ...document, ...change, ...('bundle' in change && !change.bundle ? {} : { bundle }) };
    expect(faultsOf(changed).join('\n')).toContain(fault);
  });

  it('refuses a deployment that is listed twice', async () => {
    const document = await parsed();
    document.deployments.push(document.deployments[0]);
    expect(faultsOf(document)).toEqual(['deployments.2.deploymentId: is listed twice']);
  });

  it('refuses what is not JSON', () => {
    for (const junk of ['', '{', 'x']) expect(readManifest(bytes(junk)).faults[0]?.message).toContain('is not JSON');
    expect(readManifest(new Uint8Array([0xff])).faults[0]?.message).toContain('is not JSON');
    fc.assert(fc.property(fc.jsonValue(), (value) => faultsOf(value).length > 0));
  });
});

describe('readBundle', () => {
  const made = async (): Promise<{ manifest: Manifest; bundle: Uint8Array }> => {
    const { manifestBytes, bundle } = await composeManifest(input);
    const { manifest } = readManifest(manifestBytes);
    if (!manifest || !bundle) throw new Error('not composed');
    return { manifest, bundle: bundle.bytes };
  };
  /** A manifest whose bundle digest fits other bytes, so that the members are what is wrong. */
  const with_ = async (archive: Uint8Array): Promise<Manifest> => {
    const { manifest } = await made();
    return { ...manifest, bundle: manifest.bundle && { ...manifest.bundle, digest: digestOf(archive) } };
  };

  it('gives the exact bytes by deployment', async () => {
    const { manifest, bundle } = await made();
    const found = await readBundle(bundle, manifest, limits);
    expect([...found].map(([id, content]) => [id, new TextDecoder().decode(content)])).toEqual([
      ['a', 'id: a\n'],
      ['b', 'id: b\n'],
    ]);
  });

  it('does not care what the members are called', async () => {
    const archive = await packTarGz(two.map(({ bytes: content }, index) => ({ path: `sub/${index}`, bytes: content })));
    expect([...(await readBundle(archive, await with_(archive), limits)).keys()]).toEqual(['a', 'b']);
  });

  it.each([
    ['one too few', two.slice(1), 'lacks deployment b'],
    ['one too many', [...two, { id: 'x', bytes: bytes('id: x\n') }], 'which the manifest does not list'],
    ['another content', [{ id: 'a', bytes: bytes('id: a') }, ...two], 'which the manifest does not list'],
    ['one twice', [...two, { id: 'c', bytes: bytes('id: a\n') }], 'twice'],
  ])('refuses %s', async (_name, members, message) => {
    const archive = await packTarGz(
      members.map(({ bytes: content }, index) => ({ path: `${index}.yaml`, bytes: content })),
    );
    await expect(readBundle(archive, await with_(archive), limits)).rejects.toThrow(message);
  });

  it('refuses other bytes, damaged ones and too many', async () => {
    const { manifest, bundle } = await made();
    await expect(readBundle(bundle.subarray(1), manifest, limits)).rejects.toThrow('as the manifest says');
    const damaged = bundle.subarray(0, 60);
    await expect(readBundle(damaged, await with_(damaged), limits)).rejects.toMatchObject({ name: 'BundleFault' });
    await expect(readBundle(bundle, manifest, { ...limits, bytes: 8 })).rejects.toMatchObject({ name: 'BundleFault' });
    await expect(readBundle(bundle, { ...manifest, bundle: null }, limits)).rejects.toThrow('no bundle');
  });
});
