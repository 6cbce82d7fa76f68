import { invalid } from '../failure.js';
import { deployments } from './deployments.js';
import { devices } from './devices.js';
import { packages } from './packages.js';

export { type DeploymentItem, deployments, troubleOf } from './deployments.js';
export { type DeviceItem, devices, eligibility } from './devices.js';
export { type Filter, type Item, type Kind, shortId } from './kind.js';
export { type PackageItem, packages, scanText } from './packages.js';

export type AnyKind = typeof packages | typeof deployments | typeof devices;

/** @throws CommandFailure naming the kinds there are */
export function kindOf(word: string): AnyKind {
  const lower = word.toLowerCase();
  for (const kind of [packages, deployments, devices]) {
    if ([kind.plural, kind.singular, ...kind.aliases].includes(lower)) return kind;
  }
  throw invalid(`there is no kind "${word}"`, 'kinds are packages, deployments (or instances) and devices');
}
