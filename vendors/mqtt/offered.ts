import type { MountedOperation } from '../../core/operation/index.js';

/** @throws Error when two vendors offer one operation: its topic could not say which is meant */
export function byId(operations: readonly MountedOperation[]): ReadonlyMap<string, MountedOperation> {
  const found = new Map<string, MountedOperation>();
  for (const mounted of operations) {
    const { id } = mounted.operation;
    const other = found.get(id);
    if (other) {
      throw new Error(
        `${id} is offered by ${other.vendor} and by ${mounted.vendor}, and has one topic: name under serves which of them this binding serves`,
      );
    }
    found.set(id, mounted);
  }
  return found;
}
