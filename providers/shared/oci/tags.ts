import { z } from '../../../core/plugin/index.js';
import { type RegistryCall, RegistryFault } from '../../../core/ports/index.js';
import type { OciConfig } from './config.js';
import type { Endpoint } from './endpoints.js';
import { readLimited } from './reading.js';
import { scopeOf, type Transport } from './transport.js';

// docker's registry answers `null` for a repository whose tags are all gone.
const tagList = z.object({ tags: z.array(z.string()).nullish() }).transform(({ tags }) => tags ?? []);
const catalog = z
  .object({ repositories: z.array(z.string()).nullish() })
  .transform(({ repositories }) => repositories ?? []);

const pageSize = 1_000;
const pageLimit = 4 * 1024 * 1024;
const mostPages = 1_000;

interface List {
  readonly path: string;
  readonly scope: string;
  /** For faults. */
  readonly what: string;
  readonly page: z.ZodType<readonly string[]>;
}

/** All tags of a repository (OCI Distribution v1.1, "Listing Tags"). */
export async function readTags(
  transport: Transport,
  endpoint: Endpoint,
  repository: string,
  call: RegistryCall,
  timeouts: OciConfig['timeouts'],
): Promise<readonly string[]> {
  const path = `/v2/${repository}/tags/list`;
  const list = { path, scope: scopeOf(repository, 'pull'), what: `tags of ${repository}`, page: tagList };
  const tags = new Set<string>();
  for await (const tag of names(transport, endpoint, list, call, timeouts)) tags.add(tag);
  return [...tags];
}

/** All repositories, as far as a registry tells (docker's registry API, "Listing Repositories"). */
export async function* readRepositories(
  transport: Transport,
  endpoint: Endpoint,
  call: RegistryCall,
  timeouts: OciConfig['timeouts'],
): AsyncGenerator<string, void, undefined> {
  const list = { path: '/v2/_catalog', scope: 'registry:catalog:*', what: 'repositories', page: catalog };
  try {
    yield* names(transport, endpoint, list, call, timeouts);
  } catch (cause) {
    // The list is no part of OCI Distribution.
    if (!(cause instanceof RegistryFault) || cause.reason !== 'not-found') throw cause;
    const message = `registry ${endpoint.host}: this registry does not list its repositories; ask for what one of them has, by its name`;
    throw new RegistryFault('refused', message, { cause });
  }
}

/** Page by page; the next one is asked for when somebody wants it. */
async function* names(
  transport: Transport,
  endpoint: Endpoint,
  { path, scope, what, page: document }: List,
  { credentials, signal }: RegistryCall,
  timeouts: OciConfig['timeouts'],
): AsyncGenerator<string, void, undefined> {
  const where = `registry ${endpoint.host}: ${what}`;
  let url: string | undefined = `${path}?n=${pageSize}`;
  for (let page = 0; url !== undefined; page++) {
    if (page === mostPages) throw new RegistryFault('corrupt', `${where}: the list does not end`);
    const answer = await transport.send({ ...{ endpoint, credentials, signal, url, what, method: 'GET', scope } });
    const bytes = await readLimited(answer.body, { limit: pageLimit, seconds: timeouts.answer, signal }, answer.asked);
    yield* readPage(bytes, document, where);
    url = nextPage(answer.headers['link'], answer.url, path);
  }
}

function readPage(bytes: Buffer, document: List['page'], where: string): readonly string[] {
  try {
    return document.parse(JSON.parse(bytes.toString()));
  } catch (cause) {
    throw new RegistryFault('invalid', `${where}: the answer is no such list`, { cause });
  }
}

/** Only the query is believed: behind a proxy, scheme and host of the link are often not those that we came by. */
export function nextPage(link: string | string[] | undefined, from: URL, list: string): string | undefined {
  const target = /<([^>]*)>\s*;\s*rel="?next"?/i.exec([link ?? ''].flat().join(', '))?.[1];
  if (target === undefined || !URL.canParse(target, from.href)) return undefined;
  return `${list}${new URL(target, from).search}`;
}
