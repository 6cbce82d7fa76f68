import { hasStatus } from '../api-fault.js';
import { type Cluster, fieldManager } from '../cluster.js';
import { type KubernetesObject, keyOf } from '../kubernetes.js';
import { items } from './pod-templates.js';

/**
 * Lets go of the fields of an object that a patch of ours has set: the API server keeps them apart from what we have
 * applied. While they are ours that way, a later apply cannot take them away, and changing them is a conflict with ourselves.
 */
export async function disownPatched(cluster: Cluster, object: KubernetesObject, signal: AbortSignal): Promise<void> {
  let seen: KubernetesObject | undefined = object;
  while (seen !== undefined) {
    const all = items((seen.metadata as { readonly managedFields?: unknown }).managedFields);
    const others = all.filter(({ manager, operation }) => manager !== fieldManager || operation !== 'Update');
    if (others.length === all.length) return;
    try {
      await cluster.setManagedFields(seen, others, signal);
      return;
    } catch (error) {
      // Its controller was faster.
      if (!hasStatus(error, 409)) throw error;
    }
    seen = await cluster.get(keyOf(object), signal);
  }
}
