import { z } from '../../../core/plugin/index.js';
import { type RegistryCall, RegistryFault } from '../../../core/ports/index.js';
import type { OciConfig } from './config.js';
import type { Endpoint } from './endpoints.js';
import { readLimited } from './reading.js';
import { scopeOf, type Transport } from './transport.js';

// docker's registry answers `null` for a repository whose tags are all gone.
const tagList = z.object({ tags: z.array(z.string()).nullish() });

const pageSize = 1_000;
const pageLimit = 4 * 1024 * 1024;
const mostPages = 1_000;

/** All tags of a repository, page by page (OCI Distribution v1.1, "Listing Tags"). */
export async function readTags(
  transport: Transport,
  endpoint: Endpoint,
  repository: string,
  { credentials, signal }: RegistryCall,
  timeouts: OciConfig['timeouts'],
): Promise<readonly string[]> {
  const tags = new Set<string>();
  const what = `tags of ${repository}`;
  const list = `/v2/${repository}/tags/list`;
  let url: string | undefined = `${list}?n=${pageSize}`;
  for (let page = 0; url !== undefined; page++) {
    if (page === mostPages)
      throw new RegistryFault('corrupt', `registry ${endpoint.host}: ${what}: the list does not end`);
    const answer = await transport.send({
      ...{ endpoint, credentials, signal, url, what, method: 'GET', scope: scopeOf(repository, 'pull') },
    });
    const bytes = await readLimited(answer.body, { limit: pageLimit, seconds: timeouts.answer, signal }, answer.asked);
    for (const tag of readPage(bytes, `registry ${endpoint.host}: ${what}`)) tags.add(tag);
    url = nextPage(answer.headers['link'], answer.url, list);
  }
  return [...tags];
}

function readPage(bytes: Buffer, where: string): readonly string[] {
  try {
    return tagList.parse(JSON.parse(bytes.toString())).tags ?? [];
  } catch (cause) {
    throw new RegistryFault('invalid', `${where}: the answer is no list of tags`, { cause });
  }
}

/** Only the query is believed: behind a proxy, scheme and host of the link are often not those that we came by. */
export function nextPage(link: string | string[] | undefined, from: URL, list: string): string | undefined {
  const target = /<([^>]*)>\s*;\s*rel="?next"?/i.exec([link ?? ''].flat().join(', '))?.[1];
  if (target === undefined || !URL.canParse(target, from.href)) return undefined;
  return `${list}${new URL(target, from).search}`;
}
