import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { readTarGz } from '../../../core/archive/index.js';
import type { ArtifactToPush, Descriptor, ResolvedArtifact } from '../../../core/ports/index.js';
import { packApplication } from './pack-application.js';
import { packComponent } from './pack-component.js';
import { readPackage } from './read-package.js';

const sample = fileURLToPath(new URL('../application/testdata/d3.yaml', import.meta.url));
const digest = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'tutti-package-'));
});

async function application(): Promise<string> {
  await mkdir(join(home, 'resources'));
  await cp(sample, join(home, 'margo.yaml'));
  await writeFile(join(home, 'resources', 'about.md'), '# About');
  await writeFile(join(home, 'resources', 'icon.png'), 'png');
  await writeFile(join(home, 'resources', 'more.txt'), 'more');
  return home;
}

/** An artifact as a registry gives it back. */
function resolved(artifact: ArtifactToPush): [ResolvedArtifact, (blob: Descriptor) => Promise<Uint8Array>] {
  const blobs = new Map(artifact.layers.map(({ bytes }) => [digest(bytes), bytes]));
  const layers = artifact.layers.map(({ bytes, ...rest }) => ({ ...rest, digest: digest(bytes), size: bytes.length }));
  const config = { mediaType: 'application/vnd.oci.empty.v1+json', digest: digest(new Uint8Array()), size: 2 };
  return [
    {
      reference: { registry: 'r', repository: 'a', tag: '1' },
      descriptor: config,
      manifest: { schemaVersion: 2, artifactType: artifact.artifactType, config, layers },
    },
    async ({ digest: wanted }) => blobs.get(wanted) ?? Promise.reject(new Error('no such blob')),
  ];
}

describe('packApplication', () => {
  it('makes the artifact that the standard describes', async () => {
    const { artifact, tag, warnings, description } = await packApplication(await application());
    expect(warnings).toEqual([]);
    expect([tag, description.id]).toEqual(['1.4.2', 'com-acme-line-monitor']);
    expect(artifact.artifactType).toBe('application/vnd.margo.app.v1+json');
    expect(artifact.layers.map(({ mediaType, annotations }) => [mediaType, annotations])).toEqual([
      ['application/vnd.margo.app.description.v1+yaml', { 'org.opencontainers.image.title': 'margo.yaml' }],
      [
        'application/vnd.margo.app.descriptionFile.v1+markdown',
        { 'org.opencontainers.image.title': 'resources/about.md', 'org.margo.app.resource': 'descriptionFile' },
      ],
      [
        'application/vnd.margo.app.icon.v1+png',
        { 'org.opencontainers.image.title': 'resources/icon.png', 'org.margo.app.resource': 'icon' },
      ],
      ['text/plain', { 'org.opencontainers.image.title': 'resources/more.txt', 'org.margo.app.resource': 'resource' }],
    ]);
  });

  it('warns of what is named but not there, and of a second description', async () => {
    const directory = await application();
    await rm(join(directory, 'resources', 'icon.png'));
    await writeFile(join(directory, 'margo.yml'), '');
    const { warnings } = await packApplication(directory);
    expect(warnings.map(({ code, path }) => [code, path])).toEqual([
      ['several-descriptions', 'margo.yml'],
      ['missing-resource', 'metadata.catalog.application.icon'],
    ]);
    await expect(packApplication(directory, { strict: true })).rejects.toThrow(
      '"resources/icon.png" is not in the package',
    );
  });

  it('refuses what cannot be one', async () => {
    await expect(packApplication(home)).rejects.toThrow('has no margo.yaml');
    await expect(packApplication(join(home, 'nothing'))).rejects.toMatchObject({ name: 'PackFault' });
    await writeFile(join(home, 'margo.yaml'), 'apiVersion: v1\nid: A\n');
    await expect(packApplication(home)).rejects.toThrow(/\n2:5 id: must be lower-case/);
    await rm(join(home, 'margo.yaml'));
    await symlink(sample, join(home, 'margo.yaml'));
    await expect(packApplication(home)).rejects.toThrow('no regular file');
  });

  it('refuses links among the resources', async () => {
    const directory = await application();
    await symlink('/etc/hostname', join(directory, 'resources', 'host'));
    await expect(packApplication(directory)).rejects.toThrow('host is neither a file nor a directory');
  });
});

describe('readPackage', () => {
  it('finds what was packed', async () => {
    const { artifact } = await packApplication(await application());
    const reading = await readPackage(...resolved(artifact));
    expect([...reading.warnings, ...reading.faults]).toEqual([]);
    expect(reading.descriptionBytes).toEqual(artifact.layers[0]?.bytes);
    expect(reading.resources.map(({ path }) => path)).toEqual([
      'resources/about.md',
      'resources/icon.png',
      'resources/more.txt',
    ]);
  });

  const title = (name: string) => ({ 'org.opencontainers.image.title': name });
  const layer = (mediaType: string, text: string, name?: string) => ({
    mediaType,
    bytes: new TextEncoder().encode(text),
    ...(name !== undefined && { annotations: title(name) }),
  });
  const typed = 'application/vnd.margo.app.description.v1+yaml';
  const application_ = 'application/vnd.margo.app.v1+json';

  it.each([
    [
      'by name',
      application_,
      [layer('text/plain', 'x'), layer('application/yaml', 'it', './margo.yaml')],
      ['media-type', 'missing'],
    ],
    ['by type, whatever the name', application_, [layer(typed, 'it', 'description.yaml')], []],
    [
      'without annotations',
      application_,
      [layer(typed, 'it'), layer('application/vnd.margo.app.icon.v1+png', 'x')],
      ['missing'],
    ],
    ['under another artifact type', 'application/vnd.org.margo.app.v1+json', [layer(typed, 'it')], ['artifact-type']],
    [
      'among several',
      application_,
      [layer(typed, 'no', 'old.yaml'), layer(typed, 'it', 'margo.yaml')],
      ['several-descriptions'],
    ],
    [
      'beside a path that leads out',
      application_,
      [layer(typed, 'it'), layer('a/b', 'x', '../../etc/x')],
      ['unsafe-path'],
    ],
    [
      'beside duplicates',
      application_,
      [layer(typed, 'it'), layer('a/b', 'x', 'r'), layer('a/b', 'y', './r')],
      ['duplicate'],
    ],
  ])('finds the description %s', async (_name, artifactType, layers, codes) => {
    const reading = await readPackage(...resolved({ artifactType, layers }));
    expect(new TextDecoder().decode(reading.descriptionBytes)).toBe('it');
    expect(reading.warnings.map(({ code }) => code)).toEqual(codes);
    for (const { path } of reading.resources) expect(path).not.toContain('..');
  });

  it('refuses an artifact without one, or with one too large, before fetching', async () => {
    const none = resolved({ artifactType: application_, layers: [layer('text/plain', 'x', 'readme')] });
    expect((await readPackage(...none)).faults).toMatchObject([{ code: 'no-description' }]);
    const [large] = resolved({ artifactType: application_, layers: [layer(typed, 'x'.repeat(600_000), 'margo.yaml')] });
    const fetch = () => Promise.reject(new Error('was fetched'));
    expect((await readPackage(large, fetch)).faults).toMatchObject([{ code: 'too-large' }]);
  });
});

describe('packComponent', () => {
  const compose = { type: 'compose', version: '1.4.2+7', title: 'Monitor' } as const;
  const write = (path: string, text: string) => writeFile(join(home, path), text);

  it('packs a compose component below one directory', async () => {
    await write(
      'compose.yaml',
      'x-a: &a { image: nginx }\nservices: { web: { <<: *a, volumes: [data:/data] } }\nvolumes: { data: }',
    );
    await write('.env', 'A=1');
    const { artifact, tag } = await packComponent(home, compose);
    expect(tag).toBe('1.4.2_7');
    expect(artifact.artifactType).toBe('application/vnd.org.margo.component.compose+json');
    expect(artifact.layers).toHaveLength(1);
    const labels = { 'org.margo.component.type': 'compose', 'org.margo.component.version': '1.4.2+7' };
    expect(artifact.layers[0]).toMatchObject({
      mediaType: 'application/vnd.org.margo.component.compose.tar+gzip',
      annotations: labels,
    });
    expect(artifact.annotations).toMatchObject({ ...labels, 'org.opencontainers.image.title': 'Monitor' });
    const files = await readTarGz(artifact.layers[0]?.bytes ?? new Uint8Array(), { bytes: 1000, entries: 9 });
    expect([...files.keys()]).toEqual(['component/.env', 'component/compose.yaml']);
    expect(await packComponent(home, compose)).toEqual({ artifact, tag });
  });

  it('packs a process component at the root', async () => {
    await write('component.yaml', 'command: node\n');
    const { artifact } = await packComponent(home, { type: 'process', version: '1.0.0' });
    expect(artifact.artifactType).toBe('application/vnd.tutti.component.process.v1+json');
    expect(artifact.layers[0]?.mediaType).toBe('application/vnd.tutti.component.process.v1.tar+gzip');
    const files = await readTarGz(artifact.layers[0]?.bytes ?? new Uint8Array(), { bytes: 1000, entries: 9 });
    expect([...files.keys()]).toEqual(['component.yaml']);
  });

  it.each(['v1.0.0', '1.0', 'latest', ' 1.0.0', '1.0.0 '])('refuses the version %j', async (version) => {
    await expect(packComponent(home, { type: 'process', version })).rejects.toThrow('is no SemVer version');
  });

  it.each([
    ['services: { web: { volumes: ["./data:/data"] } }', 'services.web.volumes[0]: is a bind mount'],
    ['services: { web: { volumes: ["/var/run/docker.sock:/s"] } }', 'services.web.volumes[0]: is a bind mount'],
    [
      'services: { web: { volumes: [{ type: bind, source: ., target: /a }] } }',
      'services.web.volumes[0]: is a bind mount',
    ],
    ['services: { web: {} }\nsecrets: { key: { file: key.pem } }', 'secrets.key.file: is a file of secrets'],
    ['services: {', 'compose.yaml cannot be packed'],
    ['version: "3"', 'services: is missing or empty'],
  ])('refuses %j', async (text, message) => {
    await write('compose.yaml', text);
    await expect(packComponent(home, compose)).rejects.toThrow(message);
  });

  it('wants the file by its one spelling, and no links', async () => {
    await write('docker-compose.yml', 'services: {}');
    await expect(packComponent(home, compose)).rejects.toThrow('has no compose.yaml, only docker-compose.yml');
    await symlink('/etc/passwd', join(home, 'passwd'));
    await expect(packComponent(home, compose)).rejects.toThrow('passwd is neither a file nor a directory');
    await expect(packComponent(join(home, 'nothing'), compose)).rejects.toMatchObject({ name: 'PackFault' });
  });
});
