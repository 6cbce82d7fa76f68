import { defineManager } from '../../core/plugin/index.js';
import type {
  DeployedProfile,
  DeploymentProfile,
  DeploymentType,
  DeviceCapabilities,
  LabelValue,
} from '../margo/index.js';
import { type Eligibility, eligibility, evaluate } from './evaluate.js';
import { type Choice, PlacementManager } from './index.js';

export default defineManager<PlacementManager>({
  type: 'manager.placement',
  version: '1.0.0',
  summary: 'Says which devices can run which deployment profile, and why not',
  provides: PlacementManager,
  create: () => ({ assess, choose, candidates }),
});

function assess(profile: DeployedProfile, capabilities: DeviceCapabilities): Eligibility {
  const platform = unmetPlatform(profile.type, capabilities);
  // What cannot run there at all needs no further look.
  return platform === undefined ? evaluate(profile.deviceConstraints, capabilities) : eligibility([platform]);
}

/** Charts and compose files bring containers and need the `oci` runtime; what `custom` needs is the labels' to say. */
function unmetPlatform(type: DeploymentType, { deploymentTypes, runtimes }: DeviceCapabilities): string | undefined {
  if (!deploymentTypes.includes(type))
    return `the device runs ${deploymentTypes.join(', ') || 'no deployment type'}, not ${type}`;
  if (type !== 'custom' && !runtimes.includes('oci'))
    return `${type} needs the runtime oci; the device has ${runtimes.join(', ') || 'none'}`;
  return undefined;
}

function choose(profiles: readonly DeploymentProfile[], capabilities: DeviceCapabilities): Choice {
  const assessed = profiles.map((profile) => ({ profile, eligibility: assess(profile, capabilities) }));
  const first = assessed.find((each) => each.eligibility.eligible);
  return { ...(first && { profile: first.profile }), assessed };
}

function candidates<D extends { readonly capabilities?: DeviceCapabilities | undefined }>(
  devices: Iterable<D>,
  labels: Readonly<Record<string, string | number | boolean>>,
): D[] {
  return [...devices].filter((device) =>
    Object.entries(labels).every(([key, value]) => carries(device.capabilities?.labels ?? {}, key, value)),
  );
}

function carries(labels: Readonly<Record<string, LabelValue>>, key: string, value: string | number | boolean): boolean {
  const held = Object.hasOwn(labels, key) ? labels[key] : undefined;
  const list: readonly unknown[] = Array.isArray(held) ? held : [held];
  return list.includes(value);
}
