import type { DeviceCapabilities, JsonObject } from '../margo/index.js';

export interface Eligibility {
  readonly eligible: boolean;
  /** One sentence for each thing that is not met; empty exactly when eligible. */
  readonly reasons: readonly string[];
}

/** What the rules look at. */
export type Candidate = Pick<DeviceCapabilities, 'properties' | 'labels'>;

/** Section "Device Constraints": capacity first, then eligibility rules. */
export function evaluate(_constraints: JsonObject | undefined, _candidate: Candidate): Eligibility {
  throw new Error('not written yet');
}

/** The eligibility rules alone: what a device MUST evaluate by itself. */
export function evaluateEligibilityRules(_constraints: JsonObject | undefined, _candidate: Candidate): Eligibility {
  throw new Error('not written yet');
}
