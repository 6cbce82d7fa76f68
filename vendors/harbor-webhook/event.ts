import { isDigest, isRepositoryName, isTag, z } from '../../core/plugin/index.js';
import type { Notice } from '../../managers/intake/index.js';

/** More than Harbor ever names in one event: it is not a way to keep us busy. */
const mostResources = 100;

const data = z.object({
  resources: z
    .array(z.object({ digest: z.string().optional(), tag: z.string().optional() }))
    .max(mostResources)
    .default([]),
  repository: z.object({ repo_full_name: z.string() }).optional(),
});

/** Harbor's own format ("Default"). */
const plain = z.object({ type: z.string(), event_data: data });
/** Its CloudEvents 1.0. */
const cloud = z.object({ specversion: z.literal('1.0'), type: z.string(), data });

/** Events after which a look at the registry is worth it; by both of their names. */
const worthALook: ReadonlySet<string> = new Set([
  ...['PUSH_ARTIFACT', 'harbor.artifact.pushed'],
  ...['DELETE_ARTIFACT', 'harbor.artifact.deleted'],
  ...['SCANNING_COMPLETED', 'harbor.scan.completed'],
  ...['SCANNING_FAILED', 'harbor.scan.failed'],
  ...['SCANNING_STOPPED', 'harbor.scan.stopped'],
]);

/**
 * Where an event says to look. Nothing else of it is believed: neither the host that it names, nor that what it tells of is
 * still so.
 *
 * @param registry `host[:port]` of the Harbor, as the profile has it
 * @returns `undefined` when the document is no event of Harbor's; empty for events that are no reason to look
 */
export function noticesOf(document: unknown, registry: string): readonly Notice[] | undefined {
  const asCloud = cloud.safeParse(document);
  const asPlain = plain.safeParse(document);
  const found = asCloud.success
    ? asCloud.data
    : asPlain.success && { type: asPlain.data.type, data: asPlain.data.event_data };
  if (!found) return undefined;
  const repository = found.data.repository?.repo_full_name;
  if (!worthALook.has(found.type) || repository === undefined || !isRepositoryName(repository)) return [];
  return found.data.resources.flatMap(({ tag, digest }) => {
    // Harbor sends a digest in the place of a tag for what has none.
    const named = {
      ...(tag !== undefined && isTag(tag) && { tag }),
      ...(digest !== undefined && isDigest(digest) && { digest }),
    };
    return 'tag' in named || 'digest' in named ? [{ registry, repository, ...named }] : [];
  });
}
