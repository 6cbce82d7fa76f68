import { isDeepStrictEqual } from 'node:util';
import type { StatusReport } from '../../core/ports/index.js';
import type { InstanceRecord, InstanceState } from './index.js';

/**
 * What a device's report makes of an instance.
 *
 * @returns `removed` when nothing is left of it, the same record when the report says nothing new
 */
export function applyReport<I extends InstanceRecord>(instance: I, report: StatusReport, now: number): I | 'removed' {
  if (instance.operation === 'DELETE' && report.state === 'removed') return 'removed';
  const state = stateAfter(instance, report.state);
  if (state === instance.state && isDeepStrictEqual(report, instance.report)) return instance;
  return { ...instance, state, report, reportedAt: now, updatedAt: now };
}

function stateAfter({ operation }: InstanceRecord, reported: StatusReport['state']): InstanceState {
  // Once deleted it stays so, whatever a late report says, until the device says that it is gone.
  if (operation === 'DELETE') return 'REMOVING';
  switch (reported) {
    case 'pending':
      return operation === 'UPDATE' ? 'UPDATING' : 'PENDING';
    case 'installing':
      return operation === 'UPDATE' ? 'UPDATING' : 'INSTALLING';
    case 'installed':
      return 'INSTALLED';
    case 'failed':
      return 'FAILED';
    case 'removing':
      return 'REMOVING';
    case 'removed':
      return 'REMOVED';
  }
}
