import { TargetFault } from '../../../../core/plugin/index.js';
import type { Cluster } from '../cluster.js';
import type { OwnedObject, Release } from '../driver.js';
import { expectedWorkloads, workloadNamespaces } from './manifest.js';
import type { Claim, Memo } from './memo.js';
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

/** A release of that name is somebody else's. */
export function foreignRelease({ mark, release, namespace }: Claim): TargetFault {
  const what = `${mark.component}: Helm release ${release} in namespace ${namespace} is not ours, and is left as it is; remove it (helm uninstall ${release} -n ${namespace}) or take another namespace`;
  return new TargetFault('platform', what, true);
}

/** The newest revision that is not being made, or was not before its Helm was killed. @param history newest first */
export function baseRevision(history: readonly ReleaseRevision[]): number {
  return history.find(({ status }) => !status.startsWith('pending-'))?.revision ?? 0;
}

/** What the target is told of a release besides its state. */
export function told(
  { mark, namespace, release }: Memo,
  newest: ReleaseRevision | undefined,
): Pick<Release, 'application' | 'component' | 'namespace' | 'owns' | 'namespaces' | 'expected'> {
  const expected = newest && expectedWorkloads(newest.manifest, namespace);
  return {
    application: mark.application,
    component: mark.component,
    namespace,
    owns: (object) => isOf(object, release, namespace),
    ...(newest !== undefined && { namespaces: workloadNamespaces(newest.manifest) }),
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
