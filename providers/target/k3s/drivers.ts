import type { Driver, DriverContext } from './driver.js';
import { ManifestsDriver } from './manifests/driver.js';

/** One for each deployment type that the config has it run. */
export function drivers(context: DriverContext): readonly Driver[] {
  const all: readonly Driver[] = [new ManifestsDriver(context)];
  const { deploymentTypes } = context.config;
  return all.filter(({ type }) => deploymentTypes?.some((each) => each === type.deploymentType) ?? true);
}
