import { z } from 'zod';
import { list, waitForPackage } from '../client/index.js';
import { failed, invalid } from '../failure.js';
import { type PackageItem, packages, shortId } from '../resources/index.js';
import type { Applied, Applying, Document } from './applying.js';

/** What is needed to know a package again; the host checks the rest. */
const form = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    source: z.looseObject({
      registryUrl: z.string(),
      repository: z.string(),
      tag: z.string().optional(),
      digest: z.string().optional(),
    }),
  }),
});

/**
 * Imports a package that is not there yet. A package is known by its source and never changes; one whose import failed
 * is imported again, and the host puts it in the place of the failed one.
 */
export async function applyPackage(document: Document, on: Applying): Promise<Applied> {
  const { data, error } = form.safeParse(document);
  if (error) throw invalid(`ApplicationPackage: ${z.prettifyError(error)}`);
  const wanted = data.spec.source;
  let present: PackageItem | undefined;
  for await (const item of list(on.client, packages)) {
    if (isSame(item.spec.source, wanted) && item.status.state !== 'FAILED') present = item;
  }
  const outcome = present ? 'unchanged' : 'created';
  const item = present ?? (await on.client.importPackage({ document: document as PackageRequest }));
  if (present && present.metadata.name !== data.metadata.name) {
    throw failed(
      `the same source is there already as package ${present.metadata.name} (${shortId(present.id)})`,
      `use it, or delete it first: tutti delete package ${shortId(present.id)}`,
    );
  }
  if (on.wait) await waitForPackage(on, item.id);
  else on.importing.add(item.id);
  return { what: `package ${item.metadata.name} (${shortId(item.id)})`, outcome, next: packages.next(item) };
}

/** As the file has it: the host checks the rest. */
type PackageRequest = Parameters<Applying['client']['importPackage']>[0]['document'];
type Source = z.output<typeof form>['spec']['source'];

function isSame(one: Source, other: Source): boolean {
  const key = ({ registryUrl, repository, tag, digest }: Source): string =>
    JSON.stringify([registryUrl.replace(/^(?:https?|oci):\/\//, '').replace(/\/+$/, ''), repository, tag, digest]);
  return key(one) === key(other);
}
