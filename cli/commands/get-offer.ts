import { registryHostFault } from '../../core/ports/index.js';
import type { ArtifactItem, RepositoryItem } from '../../vendors/operator/answers.js';
import { type ConnectionOptions, type Operator, withClient } from '../client/index.js';
import { invalid } from '../failure.js';
import type { Format } from '../output/formats.js';
import { render } from '../output/render.js';
import type { Column } from '../output/table.js';
import { scanText } from '../resources/index.js';
import type { Terminal } from '../terminal.js';

export interface OfferOptions extends ConnectionOptions {
  readonly output: Format;
  readonly limit?: number;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly metadata: { readonly continue?: string | undefined };
}

const usual = 100;

const repositoryColumns: readonly Column<RepositoryItem>[] = [
  { head: 'REPOSITORY', value: ({ repository }) => repository },
];
const artifactColumns: readonly Column<ArtifactItem>[] = [
  { head: 'TAGS', value: ({ tags }) => tags.join(', ') || '-' },
  { head: 'DIGEST', value: ({ digest }) => digest ?? '-' },
  { head: 'BYTES', value: ({ size }) => (size === undefined ? '-' : String(size)) },
  { head: 'SCAN', value: ({ scan }) => scanText(scan) ?? '-' },
];

/** `tutti get repositories HOST`: what a registry offers, as far as it tells. */
export async function getRepositories(
  terminal: Terminal,
  registry: string | undefined,
  options: OfferOptions,
): Promise<void> {
  if (registry === undefined) throw invalid('repositories are those of a registry', 'name it: host:port');
  checkHost(registry, registry, 'host:port');
  await withClient(terminal, options, async (client: Operator) => {
    const items = await all((page) => client.listRepositories({ ...page, registry }), options.limit);
    terminal.out(await render(items, repositoryColumns, options.output, false));
    terminal.next(`tutti get artifacts ${registry}/${items[0]?.repository ?? 'REPOSITORY'}`);
  });
}

/** `tutti get artifacts HOST/REPOSITORY`: what is in a repository, with what the registry's scanner found. */
export async function getArtifacts(terminal: Terminal, place = '', options: OfferOptions): Promise<void> {
  const [, registry, repository] = /^([^/]+)\/(.+)$/.exec(place) ?? [];
  if (registry === undefined || repository === undefined)
    throw invalid('artifacts are those of a repository', 'name it: host:port/repository');
  checkHost(registry, place, 'host:port/repository');
  await withClient(terminal, options, async (client: Operator) => {
    const items = await all((page) => client.listArtifacts({ ...page, registry, repository }), options.limit);
    terminal.out(await render(items, artifactColumns, options.output, false));
    terminal.next('tutti apply -f package.yaml, with one of them as its source');
  });
}

/** @throws CommandFailure that says how to write the registry */
function checkHost(registry: string, written: string, form: string): void {
  const fault = registryHostFault(written.includes('://') ? written : registry);
  if (fault !== undefined) throw invalid(`${written}: ${fault}`, `name it: ${form}`);
}

/** Page by page, no more than are wanted. */
async function all<T>(
  list: (page: { readonly limit: number; readonly continue: string | undefined }) => Promise<Page<T>>,
  most = Number.POSITIVE_INFINITY,
): Promise<readonly T[]> {
  const items: T[] = [];
  for (let next: string | undefined; ; ) {
    const page = await list({ limit: Math.min(usual, most - items.length), continue: next });
    items.push(...page.items);
    next = page.metadata.continue;
    if (next === undefined || items.length >= most) return items;
  }
}
