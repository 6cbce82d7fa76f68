import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { busyboxLayer } from './busybox.js';
import type { DockerPart } from './docker.js';

export interface ImageOptions {
  /** The command of the image; a shell unless told. */
  readonly command?: readonly string[];
  /** Further Dockerfile instructions: `ENV`, `EXPOSE`, `HEALTHCHECK`, `VOLUME`, ... */
  readonly instructions?: readonly string[];
}

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
  const layer = await busyboxLayer(files);
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
