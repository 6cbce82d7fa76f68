import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { pack } from 'tar-stream';
import type { DockerPart } from './docker.js';
import { tool } from './tools.js';

export interface ImageOptions {
  /** The command of the image; a shell unless told. */
  readonly command?: readonly string[];
  /** Further Dockerfile instructions: `ENV`, `EXPOSE`, `HEALTHCHECK`, `VOLUME`, ... */
  readonly instructions?: readonly string[];
}

const applets = [
  'sh',
  'sleep',
  'cat',
  'echo',
  'env',
  'httpd',
  'kill',
  'ls',
  'mkdir',
  'nc',
  'rm',
  'test',
  'touch',
  'wget',
];

/**
 * Makes a tiny image from nothing: busybox and the given files. Nothing is pulled.
 *
 * @param name `repository:tag`
 * @param files absolute path to content; executable when it starts with `#!`
 */
export async function buildImage(
  docker: DockerPart,
  name: string,
  files: Readonly<Record<string, string>> = {},
  options: ImageOptions = {},
): Promise<void> {
  const layer = pack();
  layer.entry({ name: 'bin/busybox', mode: 0o755 }, await readFile(tool('busybox')));
  for (const applet of applets) layer.entry({ name: `bin/${applet}`, type: 'symlink', linkname: 'busybox' });
  layer.entry({ name: 'tmp', type: 'directory', mode: 0o1777 });
  for (const [path, content] of Object.entries(files)) {
    layer.entry({ name: path.replace(/^\//, ''), mode: content.startsWith('#!') ? 0o755 : 0o644 }, content);
  }
  layer.finalize();

  const [repo, tag = 'latest'] = splitTag(name);
  const changes = [
    'ENV PATH=/bin',
    `CMD ${JSON.stringify(options.command ?? ['/bin/sh'])}`,
    ...(options.instructions ?? []),
  ];
  // The types leave out `changes`, which the engine's API has.
  const query: object = { repo, tag, changes };
  const answer = await docker.client.importImage(Readable.from(layer), query);
  let said = '';
  answer.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await finished(answer, { writable: false });
  if (said.includes('"error"')) throw new Error(`import of ${name} failed: ${said}`);
}

/** At the last colon after the last slash: a registry's port is no tag. */
function splitTag(name: string): [string, string | undefined] {
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  return colon < 0 ? [name, undefined] : [name.slice(0, colon), name.slice(colon + 1)];
}
