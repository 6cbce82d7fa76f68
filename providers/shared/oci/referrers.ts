import {
  type ArtifactReference,
  type Descriptor,
  isDigest,
  printArtifactReference,
  type RegistryCall,
  RegistryFault,
} from '../../../core/ports/index.js';
import type { OciConfig } from './config.js';
import type { Endpoint } from './endpoints.js';
import { mediaTypes, readManifest, toDescriptor } from './manifest.js';
import { readLimited } from './reading.js';
import { nextPage } from './tags.js';
import { type Answer, scopeOf, type Transport } from './transport.js';

const indexLimit = 4 * 1024 * 1024;
const mostPages = 100;

/**
 * What refers to an artifact (OCI Distribution v1.1, "Listing Referrers"). A registry without this API is asked for the
 * tag that stands in for it; what is under such a tag was put together by clients.
 */
export async function readReferrers(
  transport: Transport,
  endpoint: Endpoint,
  subject: ArtifactReference,
  artifactType: string,
  call: RegistryCall,
  timeouts: OciConfig['timeouts'],
): Promise<readonly Descriptor[]> {
  const { repository, digest } = subject;
  if (digest === undefined || !isDigest(digest)) {
    throw new RegistryFault(
      'invalid',
      `${printArtifactReference(subject)}: what refers to it is asked for by its digest`,
    );
  }
  const { credentials, signal } = call;
  const what = `referrers of ${repository}@${digest}`;
  const get = (url: string): Promise<Answer> =>
    transport.send({
      ...{ endpoint, credentials, signal, url, what, method: 'GET', scope: scopeOf(repository, 'pull') },
      headers: { accept: mediaTypes.index },
      accept: [404],
    });
  const found = new Map<string, Descriptor>();
  const list = `/v2/${repository}/referrers/${digest}`;
  let url: string | undefined = `${list}?${new URLSearchParams({ artifactType })}`;
  for (let page = 0; url !== undefined; page++) {
    if (page === mostPages)
      throw new RegistryFault('corrupt', `registry ${endpoint.host}: ${what}: the list does not end`);
    let answer = await get(url);
    if (answer.status === 404 && page === 0) {
      await answer.body.dump();
      answer = await get(`/v2/${repository}/manifests/${digest.replace(':', '-')}`);
      if (answer.status === 404) {
        await answer.body.dump();
        return [];
      }
    }
    const bounds = { limit: indexLimit, seconds: timeouts.answer, signal };
    const bytes = await readLimited(answer.body, bounds, answer.asked);
    // The registry need not have filtered, and a tag cannot.
    for (const one of readIndex(bytes, answer)) if (one.artifactType === artifactType) found.set(one.digest, one);
    url = nextPage(answer.headers['link'], answer.url, list);
  }
  return [...found.values()];
}

function readIndex(bytes: Buffer, { headers, asked }: Answer): readonly Descriptor[] {
  const fault = (why: string, options?: ErrorOptions): RegistryFault =>
    new RegistryFault('invalid', `registry ${asked.host}: ${asked.what}: ${why}`, options);
  let read: ReturnType<typeof readManifest>;
  try {
    read = readManifest(bytes, [headers['content-type'] ?? ''].flat()[0] ?? '');
  } catch (cause) {
    throw fault('the answer is no index', { cause });
  }
  if (read.kind !== 'index') throw fault('the answer is a manifest and no index');
  return read.manifests.map(({ platform: _, ...one }) => toDescriptor(one));
}
