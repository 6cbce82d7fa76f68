import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ArtifactRegistry, ArtifactToPush, Lifecycle } from '../core/plugin/index.js';
import { distribution } from '../vendors/oci-registry/distribution.js';
import { RegistryStorage } from '../vendors/oci-registry/storage.js';
import { selfSigned } from './parts/certificate.js';
import { describeWith, type OrasPart, type RegistryPart, type SkopeoPart } from './parts/index.js';
import { registryClient, TestClock } from './registry/client.js';
import { quietLog, type Serving, serveMount } from './registry/serve.js';

const credentials = { username: 'ada', password: 'lovelace' };
const artifactType = 'application/vnd.margo.app.v1+json';
const big = randomBytes(3_000_000);
const artifact: ArtifactToPush = {
  artifactType,
  annotations: { 'org.opencontainers.image.version': '1.0.0' },
  layers: [
    {
      mediaType: 'application/vnd.margo.app.description.v1+yaml',
      bytes: Buffer.from('id: hello\n'),
      annotations: { 'org.opencontainers.image.title': 'margo.yaml' },
    },
    {
      mediaType: 'application/octet-stream',
      bytes: big,
      annotations: { 'org.opencontainers.image.title': 'resources/big.bin' },
    },
  ],
};

/** A registry under test with the credentials above, and how to end it. */
interface Subject {
  readonly host: string;
  readonly url: string;
  readonly ca: string;
  stop(): Promise<void>;
}

async function embedded(folder: string): Promise<Subject & { readonly root: string }> {
  const limits = { blobLimit: 1e8, openUploads: 16, uploadIdle: 60_000 };
  const root = join(folder, 'registry');
  const storage = new RegistryStorage(root, limits, new TestClock());
  await storage.uploads.start();
  const certificate = await selfSigned(['127.0.0.1']);
  const ca = join(folder, 'embedded-ca.crt');
  writeFileSync(ca, certificate.ca);
  const handler = distribution({ storage, log: quietLog(), anonymousPull: false });
  const serving: Serving = await serveMount(handler, { lovelace: 'operator', watson: 'viewer' }, certificate);
  return { host: serving.host, url: serving.url, ca, root, stop: serving.stop };
}

describeWith(['registry', 'oras', 'skopeo'], 'our client, our registry and their judges', (start) => {
  const folder = mkdtempSync(join(tmpdir(), 'tutti-registry-'));
  const policy = ['--insecure-policy'];
  let oras: OrasPart;
  let skopeo: SkopeoPart;
  let docker: RegistryPart;
  let ours: Awaited<ReturnType<typeof embedded>>;

  beforeAll(async () => {
    [oras, skopeo] = await Promise.all([start.oras(), start.skopeo()]);
    docker = await start.registry({ tls: true, credentials });
    ours = await embedded(folder);
    mkdirSync(join(folder, 'package', 'resources'), { recursive: true });
    writeFileSync(join(folder, 'package', 'margo.yaml'), 'id: hello\n');
    writeFileSync(join(folder, 'package', 'resources', 'big.bin'), big);
  });
  afterAll(async () => {
    await Promise.all([oras?.stop(), skopeo?.stop(), docker?.stop(), ours?.stop()]);
    rmSync(folder, { recursive: true });
  });

  const subjects: Record<string, () => Subject> = {
    'docker-registry': () => ({ ...docker, ca: docker.ca?.file ?? '' }),
    'the embedded registry': () => ours,
  };

  describe.each(Object.keys(subjects))('%s', (name) => {
    let subject: Subject;
    let client: ArtifactRegistry & Lifecycle;
    const login = ['-u', credentials.username, '-p', credentials.password];
    const at = (repository: string) => `${subject.host}/${repository}`;
    const orasRun = (...args: string[]) =>
      oras.run([...args, '--ca-file', subject.ca, ...login], { cwd: join(folder, 'package') });
    const skopeoRun = (...args: string[]) => {
      const certificates = join(folder, `certs-${name.replaceAll(' ', '-')}`);
      mkdirSync(certificates, { recursive: true });
      return skopeo.run([...policy, ...args.map((arg) => arg.replace('CERTS', certificates))]);
    };

    beforeAll(() => {
      subject = (subjects[name] as () => Subject)();
      client = registryClient({ registries: [{ url: subject.url, ca: subject.ca, ...credentials }] });
    });
    afterAll(() => client.stop?.(AbortSignal.timeout(1000)));

    it('takes from us what ORAS and skopeo can read', async () => {
      const descriptor = await client.push(
        { registry: subject.host, repository: 'apps/hello', tag: '1.0.0' },
        artifact,
      );
      const out = join(folder, `pulled-${name.replaceAll(' ', '-')}`);
      expect(await orasRun('pull', at('apps/hello:1.0.0'), '-o', out)).toMatchObject({ code: 0 });
      expect(readFileSync(join(out, 'resources', 'big.bin')).equals(big)).toBe(true);
      const seen = await skopeoRun(
        'inspect',
        '--raw',
        '--tls-verify=false',
        '--creds=ada:lovelace',
        `docker://${at(`apps/hello@${descriptor.digest}`)}`,
      );
      expect(seen).toMatchObject({ code: 0 });
      expect(JSON.parse(seen.stdout)).toMatchObject({ artifactType, layers: [{}, { size: big.byteLength }] });
    });

    it('is pushed to again without sending anything twice', async () => {
      const to = { registry: subject.host, repository: 'apps/again', tag: '1.0.0' };
      expect(await client.push(to, artifact)).toEqual(await client.push(to, artifact));
      expect(await client.tags(to)).toEqual(['1.0.0']);
    });

    it('gives us what ORAS has pushed', async () => {
      const pushed = await orasRun(
        'push',
        at('apps/from-oras:2.0.0'),
        '--artifact-type',
        artifactType,
        'margo.yaml:application/vnd.margo.app.description.v1+yaml',
        'resources/big.bin:application/octet-stream',
      );
      expect(pushed).toMatchObject({ code: 0 });
      const place = { registry: subject.host, repository: 'apps/from-oras' };
      const { manifest, descriptor } = await client.resolve({ ...place, tag: '2.0.0' });
      expect(manifest.artifactType).toBe(artifactType);
      expect(descriptor.artifactType).toBe(artifactType);
      const [description, resource] = manifest.layers;
      if (!description || !resource) throw new Error('two layers were pushed');
      expect(Buffer.from(await client.fetch(place, description, 100)).toString()).toBe('id: hello\n');
      expect(big.equals(await client.fetch(place, resource, 4_000_000))).toBe(true);
      expect((await client.resolve({ ...place, digest: descriptor.digest })).manifest).toEqual(manifest);
    });

    it('lets skopeo copy an image in and out, and ORAS list its tags', async () => {
      await client.push({ registry: subject.host, repository: 'apps/hello', tag: '1.0.0' }, artifact);
      const copied = await skopeoRun(
        'copy',
        '--all',
        '--src-tls-verify=false',
        '--dest-tls-verify=false',
        '--src-creds=ada:lovelace',
        '--dest-creds=ada:lovelace',
        `docker://${at('apps/hello:1.0.0')}`,
        `docker://${at('apps/copied:1.0.0')}`,
      );
      expect(copied).toMatchObject({ code: 0 });
      const [from, to] = await Promise.all(
        ['apps/hello', 'apps/copied'].map((repository) =>
          client.resolve({ registry: subject.host, repository, tag: '1.0.0' }),
        ),
      );
      expect(to?.manifest.layers).toEqual(from?.manifest.layers);
      const tags = await orasRun('repo', 'tags', at('apps/copied'));
      expect(tags).toMatchObject({ code: 0, stdout: '1.0.0\n' });
    });

    it('tells nobody anything without the right credentials', async () => {
      const place = { registry: subject.host, repository: 'apps/hello', tag: '1.0.0' };
      const entry = { url: subject.url, ca: subject.ca };
      const without = registryClient({ registries: [entry] });
      await expect(without.resolve(place)).rejects.toMatchObject({ reason: 'denied' });
      const wrong = registryClient({ registries: [{ ...entry, ...credentials, password: 'not-this-one' }] });
      const fault: unknown = await wrong.resolve(place).catch((error: unknown) => error);
      expect(fault).toMatchObject({ reason: 'denied' });
      expect(String(fault)).toContain('does not accept the credentials of ada');
      expect(String(fault)).not.toContain('not-this-one');
      await Promise.all([without, wrong].map((one) => one.stop?.(AbortSignal.timeout(1000))));
    });

    it('says which certificate authority did not sign it', async () => {
      const stranger = join(folder, 'stranger.crt');
      writeFileSync(stranger, (await selfSigned(['127.0.0.1'])).ca);
      const wary = registryClient({ registries: [{ url: subject.url, ca: stranger, ...credentials }], attempts: 1 });
      const place = { registry: subject.host, repository: 'apps/hello', tag: '1.0.0' };
      await expect(wary.resolve(place)).rejects.toThrow(`checked against ${stranger}`);
      const missing = registryClient({
        registries: [{ url: subject.url, ca: join(folder, 'none.crt'), ...credentials }],
      });
      await expect(missing.resolve(place)).rejects.toThrow('none.crt (`ca`) is not there (yet)');
      await Promise.all([wary, missing].map((one) => one.stop?.(AbortSignal.timeout(1000))));
    });
  });

  describe('what the embedded registry keeps', () => {
    it('can be read from the disk by skopeo, and deleted with ORAS', async () => {
      const client = registryClient({ registries: [{ url: ours.url, ca: ours.ca, ...credentials }] });
      const place = { registry: ours.host, repository: 'apps/disk', tag: '1.0.0' };
      await client.push(place, artifact);
      const seen = await skopeo.run([...policy, 'inspect', '--raw', `oci:${join(ours.root, 'apps/disk/_oci')}:1.0.0`]);
      expect(seen).toMatchObject({ code: 0 });
      expect(JSON.parse(seen.stdout)).toMatchObject({ artifactType });

      const login = ['--ca-file', ours.ca, '-u', 'ada', '-p', 'lovelace'];
      const deleted = await oras.run(['manifest', 'delete', '-f', `${ours.host}/apps/disk:1.0.0`, ...login]);
      expect(deleted).toMatchObject({ code: 0 });
      await expect(client.resolve(place)).rejects.toMatchObject({ reason: 'not-found' });
      await client.stop?.(AbortSignal.timeout(1000));
    });

    it('lists what refers to a manifest', async () => {
      const login = ['--ca-file', ours.ca, '-u', 'ada', '-p', 'lovelace'];
      const client = registryClient({ registries: [{ url: ours.url, ca: ours.ca, ...credentials }] });
      await client.push({ registry: ours.host, repository: 'apps/signed', tag: '1.0.0' }, artifact);
      const cwd = join(folder, 'package');
      const reference = `${ours.host}/apps/signed:1.0.0`;
      const type = ['--artifact-type', 'application/x-signature'];
      const attached = await oras.run(['attach', reference, ...type, ...login, 'margo.yaml:text/yaml'], { cwd });
      expect(attached).toMatchObject({ code: 0 });
      const found = await oras.run(['discover', reference, '-o', 'json', ...login]);
      expect(JSON.parse(found.stdout)).toMatchObject({ manifests: [{ artifactType: 'application/x-signature' }] });
      await client.stop?.(AbortSignal.timeout(1000));
    });

    it('cannot be pushed to by a viewer', async () => {
      const client = registryClient({
        registries: [{ url: ours.url, ca: ours.ca, username: 'x', password: 'watson' }],
      });
      const place = { registry: ours.host, repository: 'apps/denied', tag: '1.0.0' };
      await expect(client.push(place, artifact)).rejects.toMatchObject({ reason: 'denied' });
      await client.stop?.(AbortSignal.timeout(1000));
    });
  });
});
