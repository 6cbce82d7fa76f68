import type { Clock } from '../../../core/plugin/index.js';
import { type Cluster, collection } from './cluster.js';
import { follow } from './follow.js';
import type { ObjectKey } from './kubernetes.js';

/**
 * Resolves when there is no such object any more: its finalizers have done their work, and pods have ended.
 *
 * @param uid another object of the same name does not count
 * @throws the signal's reason
 */
export async function untilGone(
  cluster: Cluster,
  key: ObjectKey,
  { uid, clock, signal }: { readonly uid: string | undefined; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const path = collection(await cluster.resource(key, signal), key.namespace);
  const fieldSelector = `metadata.name=${key.name}`;
  for await (const change of follow(cluster, { path, fieldSelector, metadataOnly: true, clock, signal })) {
    if (change.kind === 'gone') return;
    const left = change.kind === 'listed' ? change.objects : [change.object];
    if (!left.some(({ metadata }) => uid === undefined || metadata.uid === uid)) return;
  }
  signal.throwIfAborted();
}
