import { answerJson } from './answers.js';
import type { Exchange } from './exchange.js';
import { DistributionFault } from './fault.js';
import { mediaTypes } from './manifest.js';

export async function ping({ response, head }: Exchange): Promise<void> {
  answerJson(response, {}, {}, head);
}

export async function listTags({ storage, name, query, response, base, head }: Exchange): Promise<void> {
  const all = await storage.tags(name);
  const last = query.get('last');
  const after = last === null ? all : all.filter((tag) => tag > last);
  const limit = pageSize(query.get('n'));
  const tags = after.slice(0, limit);
  const end = tags.at(-1);
  const more = end !== undefined && tags.length < after.length;
  const next = more
    ? { Link: `<${base}/${name}/tags/list?n=${limit}&last=${encodeURIComponent(end)}>; rel="next"` }
    : {};
  answerJson(response, { name, tags }, next, head);
}

export async function listReferrers({ storage, name, reference, query, response, head }: Exchange): Promise<void> {
  const wanted = query.get('artifactType');
  const found = await storage.referrers(name, reference);
  const manifests = found
    .filter(({ artifactType }) => wanted === null || artifactType === wanted)
    .map(({ mediaType, digest, size, artifactType, annotations }) => ({
      ...{ mediaType, digest, size },
      ...(artifactType !== undefined && { artifactType }),
      ...(annotations && { annotations }),
    }));
  const filtered = wanted === null ? {} : { 'OCI-Filters-Applied': 'artifactType' };
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
  answerJson(response, index, { 'Content-Type': mediaTypes.index, ...filtered }, head);
}

function pageSize(n: string | null): number | undefined {
  if (n === null) return undefined;
  if (!/^\d{1,9}$/.test(n)) throw new DistributionFault(400, 'UNSUPPORTED', 'n must be a number');
  return Number(n);
}
