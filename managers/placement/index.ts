import { ref } from '../../core/ports/index.js';
import type { DeployedProfile, DeploymentProfile, DeviceCapabilities } from '../margo/index.js';
import type { Eligibility } from './evaluate.js';

export { type Candidate, type Eligibility, evaluate, evaluateEligibilityRules } from './evaluate.js';

export interface Choice {
  /** The first eligible profile in the package's order; absent when none is. */
  readonly profile?: DeploymentProfile;
  /** Every profile that was looked at, in order, with what speaks against it. */
  readonly assessed: readonly { readonly profile: DeploymentProfile; readonly eligibility: Eligibility }[];
}

/** Says where an application may go. Keeps nothing. */
export interface PlacementManager {
  /** Whether the device can run the profile: deployment type, runtime, capacity and eligibility rules. */
  assess(profile: DeployedProfile, capabilities: DeviceCapabilities): Eligibility;
  choose(profiles: readonly DeploymentProfile[], capabilities: DeviceCapabilities): Choice;
  /** The devices that carry all these labels, in the order given; a list label carries each of its values. */
  candidates<D extends { readonly capabilities?: DeviceCapabilities | undefined }>(
    devices: Iterable<D>,
    labels: Readonly<Record<string, string | number | boolean>>,
  ): D[];
}

export const PlacementManager = ref<PlacementManager>('manager.placement');
