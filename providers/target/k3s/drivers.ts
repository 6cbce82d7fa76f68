import type { Driver, DriverContext } from './driver.js';
import { HelmDriver } from './helm/driver.js';
import { ManifestsDriver } from './manifests/driver.js';

/** One for each deployment type that the config has it run. */
export function drivers(context: DriverContext): readonly Driver[] {
  const all: readonly Driver[] = [new ManifestsDriver(context), new HelmDriver(context)];
  const { deploymentTypes } = context.config;
  return all.filter(({ type }) => deploymentTypes?.some((each) => each === type.deploymentType) ?? true);
}
