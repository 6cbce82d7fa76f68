import { TargetFault } from '../../../../core/plugin/index.js';
import type { Cluster } from '../cluster.js';
import type { OwnedObject, Release } from '../driver.js';
import { marks, releaseKey } from '../marks.js';
import { expectedWorkloads } from './manifest.js';
import type { Memo } from './memo.js';
import { type ReleaseRevision, revisionsOf } from './release-record.js';

/** The revisions of a Helm release, the newest first. */
export async function releaseHistory(
  cluster: Cluster,
  { release, namespace }: { readonly release: string; readonly namespace: string },
  signal: AbortSignal,
): Promise<readonly ReleaseRevision[]> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`;
  const { items } = await cluster.list(path, { labelSelector: `owner=helm,name=${release}`, signal });
  return revisionsOf(items, release, namespace);
}

/** @throws TargetFault when a release of that name is somebody else's */
export function refuseForeign(history: readonly ReleaseRevision[], { mark, release, namespace }: Memo): void {
  const newest = history[0];
  if (newest === undefined) return;
  if (newest.labels[marks.release] === releaseKey(mark.owner, mark.application.id, mark.component)) return;
  const what = `${mark.component}: Helm release ${release} in namespace ${namespace} is not ours, and is left as it is; remove it (helm uninstall ${release} -n ${namespace}) or take another namespace`;
  throw new TargetFault('platform', what, true);
}

/** What the target is told of a release besides its state. */
export function told(
  { mark, namespace, release }: Memo,
  newest: ReleaseRevision | undefined,
): Pick<Release, 'application' | 'component' | 'namespace' | 'owns' | 'expected'> {
  const expected = newest && expectedWorkloads(newest.manifest, namespace);
  return {
    application: mark.application,
    component: mark.component,
    namespace,
    owns: (object) => isOf(object, release, namespace),
    ...(expected !== undefined && { expected }),
  };
}

/** Helm marks everything that it makes of a chart's templates. */
function isOf({ metadata: { annotations } }: OwnedObject, release: string, namespace: string): boolean {
  return (
    annotations?.['meta.helm.sh/release-name'] === release &&
    annotations['meta.helm.sh/release-namespace'] === namespace
  );
}
