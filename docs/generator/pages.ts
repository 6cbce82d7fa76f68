import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { builtinRegistry, tuttiVersion } from '../../cli/profile.js';
import { slotNames } from '../../core/profile/index.js';
import { commandLinePage } from './command-line.js';
import { contextPage } from './context.js';
import { definitionsPage } from './definitions.js';
import { dependenciesPage, importsOf, roomsPicture } from './dependencies.js';
import { type Offer, offersOf, operationsPage } from './operations.js';
import { portsPage } from './ports.js';
import { profilePage } from './profile.js';

export const root = resolve(import.meta.dirname, '../..');

/** Where the pages are that nobody writes; everything in this folder is one. */
export const reference = 'docs/reference';

/** All that is made from the code, by path from the root. */
export async function generatedPages(): Promise<ReadonlyMap<string, string>> {
  const version = tuttiVersion();
  const registry = builtinRegistry();
  await registry.load(version);
  const offers = await shippedOffers(version);
  const operationsOf = (type: string) =>
    offers.find(({ vendorType }) => vendorType === type)?.operations ?? registry.get(type)?.operations ?? [];
  const imports = await importsOf(root);
  return new Map([
    ...slotNames.map((slot) => [`${reference}/${slot}.md`, definitionsPage(slot, registry, operationsOf)] as const),
    [`${reference}/operations.md`, operationsPage(offers)],
    [`${reference}/profile.md`, profilePage()],
    [`${reference}/ports.md`, portsPage(root)],
    [`${reference}/context.md`, contextPage(root)],
    [`${reference}/cli.md`, commandLinePage(version)],
    [`${reference}/dependencies.md`, dependenciesPage(imports)],
    ['docs/architecture.md', withPart('docs/architecture.md', 'rooms', roomsPicture(imports))],
  ]);
}

/** What a fleet manager and an agent serve; what both do is there once. */
async function shippedOffers(version: string): Promise<readonly Offer[]> {
  const profiles = ['config/wfm.yaml', 'config/wfm.harbor.yaml', 'config/agent.process.yaml'];
  const all = await Promise.all(profiles.map((file) => offersOf(join(root, file), builtinRegistry(), version)));
  const byType = new Map(
    all
      .flat()
      .toReversed()
      .map((offer) => [offer.vendorType, offer]),
  );
  return [...byType.values()].toSorted((a, b) => (a.vendorType < b.vendorType ? -1 : 1));
}

/** A page that people write, with the part of it between two comments made anew. */
function withPart(file: string, name: string, part: string): string {
  const text = readFileSync(join(root, file), 'utf8');
  const [begin, end] = [`<!-- ${name}: made by npm run docs -->`, `<!-- ${name}: end -->`];
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${file} has no place between ${begin} and ${end}`);
  return `${before}${begin}\n${part}\n${end}${after}`;
}
