import type { KubernetesObject } from '../kubernetes.js';
import { fields, items } from './pod-templates.js';

/** Whether it has ended for good: nobody runs it again, and applying it again changes nothing. */
export function hasFailed({ apiVersion, kind, status }: KubernetesObject): boolean {
  const { conditions, phase } = fields(status) ?? {};
  if (kind === 'Job' && apiVersion.startsWith('batch/')) {
    return items(conditions).some(({ type, status: is }) => type === 'Failed' && is === 'True');
  }
  return kind === 'Pod' && apiVersion === 'v1' && phase === 'Failed';
}
