import { TargetFault } from '../../../../core/plugin/index.js';
import { ApiFault } from '../api-fault.js';
import type { KubernetesObject } from '../kubernetes.js';
import { keyOf, shown } from '../kubernetes.js';

/** Why an object was not taken, with what to do about it. */
export function applyFault(object: KubernetesObject, error: unknown): unknown {
  if (!(error instanceof ApiFault)) return error;
  const which = shown(keyOf(object));
  if (error.status === 409 && error.causes.some(({ reason }) => reason === 'FieldManagerConflict')) {
    return new TargetFault('platform', `${which}: ${conflicts(error)}`, true, { cause: error });
  }
  if (error.status === 400 || error.status === 413 || error.status === 422) {
    return new TargetFault('invalid', `${which} is refused by the cluster: ${error.message}`, false, { cause: error });
  }
  return new TargetFault('platform', `${which}: ${error.message}`, error.retry, { cause: error });
}

function conflicts({ causes }: ApiFault): string {
  const fields = causes
    .filter(({ reason }) => reason === 'FieldManagerConflict')
    .map(
      ({ field = 'a field', message = '' }) =>
        `${field} belongs to ${/"([^"]*)"/.exec(message)?.[1] ?? 'somebody else'}`,
    );
  const todo = 'leave it out of the manifest, have its owner let go of it, or take it over with `force: true`';
  return `others have set what the manifest sets: ${fields.join(', ')}; ${todo}`;
}

/** Whether the cluster takes the change only for a new object: of a Job's template, of most of a Pod. */
export function isImmutable(object: KubernetesObject, error: unknown): boolean {
  return (
    (object.kind === 'Job' || object.kind === 'Pod') &&
    error instanceof ApiFault &&
    error.status === 422 &&
    /immutable|may not change fields/.test(error.message)
  );
}
