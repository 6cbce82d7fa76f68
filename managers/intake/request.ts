import type { ImportRequest, PackageRecord, PackageSource } from '../catalog/index.js';
import type { Notice } from './index.js';

/** Of a name, as the operator API has it. */
const longestName = 63;

export function sourceOf({ registry, repository }: Notice, which: { tag: string } | { digest: string }): PackageSource {
  return { registry, repository, ...which };
}

/** To import what nobody has asked for. */
export function firstRequest(source: PackageSource, labels: Readonly<Record<string, string>>): ImportRequest {
  return { name: nameOf(source), source, labels };
}

/** To import what failed anew, as it was asked for; but for credentials that came along, which are not kept. */
export function requestAgain({ name, labels, source, strict }: PackageRecord): ImportRequest {
  return { name, labels, source, strict };
}

/** The last part of the repository, in the letters of a name and no longer than one. */
function nameOf({ repository }: PackageSource): string {
  const last = repository.slice(repository.lastIndexOf('/') + 1).replaceAll(/[^a-z0-9-]+/g, '-');
  return last.slice(0, longestName).replace(/-+$/, '');
}
