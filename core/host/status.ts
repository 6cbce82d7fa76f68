import type { MountedOperation } from '../operation/index.js';
import type { Health } from '../plugin/lifecycle.js';
import { ref } from '../ports/port.js';

/** `reloading`: some entries are being replaced, and the host is not ready meanwhile. */
export type Phase = 'provisioning' | 'starting' | 'ready' | 'reloading' | 'draining' | 'stopped';

export interface EntryStatus {
  readonly name: string;
  readonly type: string;
  readonly health: Health;
}

/** How the host is; vendors use it to answer probes. Provided by the host itself. */
export interface HostStatus {
  readonly profile: string;
  readonly version: string;
  phase(): Phase;
  entries(): readonly EntryStatus[];
  /** Where the bindings can be reached. */
  addresses(): readonly string[];
  /** What its vendors offer. */
  operations(): readonly MountedOperation[];
}

export const HostStatus = ref<HostStatus>('host.status');
