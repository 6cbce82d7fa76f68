import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import { busyboxLayer } from '../busybox.js';
import type { ImageOptions } from '../docker-image.js';
import type { RegistryOptions, RegistryPart } from '../registry.js';
import { must, tool } from '../tools.js';
import { reclaim, workspace } from '../workspace.js';

export interface TinyImage extends Pick<ImageOptions, 'command'> {
  /** Absolute path to content; executable when it starts with `#!`. */
  readonly files?: Readonly<Record<string, string>>;
}

/**
 * Writes an image made from nothing, busybox and the given files, as an OCI archive.
 *
 * @param name the whole name, with host and tag: `host/repository:tag`
 */
export async function writeImage(file: string, name: string, { command, files = {} }: TinyImage = {}): Promise<void> {
  const archive = pack();
  const written = pipeline(archive, createWriteStream(file));
  const blob = (mediaType: string, content: Buffer) => {
    const digest = createHash('sha256').update(content).digest('hex');
    archive.entry({ name: `blobs/sha256/${digest}` }, content);
    return { mediaType, digest: `sha256:${digest}`, size: content.length };
  };
  const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
  const type = (name: string): string => `application/vnd.oci.image.${name}`;

  const layer = blob(type('layer.v1.tar'), await buffer(await busyboxLayer(files)));
  const config = blob(
    type('config.v1+json'),
    json({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: { Env: ['PATH=/bin'], Cmd: command ?? ['/bin/sh'] },
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
    }),
  );
  const manifest = blob(
    type('manifest.v1+json'),
    json({ schemaVersion: 2, mediaType: type('manifest.v1+json'), config, layers: [layer] }),
  );
  const tag = name.slice(name.lastIndexOf(':') + 1);
  // The first is read by containerd, the second by skopeo.
  const annotations = { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': tag };
  archive.entry({ name: 'oci-layout' }, json({ imageLayoutVersion: '1.0.0' }));
  archive.entry({ name: 'index.json' }, json({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }));
  archive.finalize();
  await written;
}

export interface PushedImage extends TinyImage {
  readonly credentials?: NonNullable<RegistryOptions['credentials']>;
}

/**
 * Pushes a tiny image to a registry of the test.
 *
 * @param name `repository:tag`
 * @returns the whole name, as a container's `image`
 */
export async function pushImage(registry: RegistryPart, name: string, options: PushedImage = {}): Promise<string> {
  const directory = workspace('image');
  const whole = `${registry.host}/${name}`;
  try {
    const file = join(directory, 'image.tar');
    await writeImage(file, whole, options);
    const { credentials } = options;
    await must(tool('skopeo'), [
      ...['--insecure-policy', 'copy', '--quiet', '--dest-tls-verify=false'],
      ...(credentials ? ['--dest-creds', `${credentials.username}:${credentials.password}`] : []),
      `oci-archive:${file}`,
      `docker://${whole}`,
    ]);
    return whole;
  } finally {
    await reclaim(directory);
  }
}
