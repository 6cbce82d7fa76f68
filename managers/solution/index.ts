import { type Json, ref } from '../../core/ports/index.js';
import type { DeploymentProfile, Parameters } from '../margo/index.js';

/** The deployable form of a catalog entry: which profiles can be deployed and with which parameters. */
export interface Solution {
  readonly packageId: string;
  readonly applicationId: string;
  readonly version: string;
  readonly profiles: readonly DeploymentProfile[];
}

export interface SolutionManager {
  /** @throws Problem 404 for an unknown package, 409 for one that is not onboarded */
  get(packageId: string): Promise<Solution>;
  /**
   * Parameter values checked against the package's configuration schema and laid over its defaults.
   * @param previous the values of the instance that is updated; immutable ones may not differ
   * @throws Problem 422 with one entry for each fault
   */
  parameters(
    packageId: string,
    values: Readonly<Record<string, Json>>,
    previous?: Readonly<Record<string, Json>>,
  ): Promise<Parameters>;
}

export const SolutionManager = ref<SolutionManager>('manager.solution');
