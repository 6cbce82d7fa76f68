import type { FieldFault } from '../../../core/operation/index.js';
import type { Json } from '../../../core/ports/index.js';
import type { ApplicationDescription, DeploymentProfile, Parameters } from './description.js';

export interface ParameterValidation {
  /** Field: the parameter's name. Empty when everything holds. */
  readonly faults: readonly FieldFault[];
  /** Defaults overlaid with the given values, targets included; parameters without any value are left out. */
  readonly parameters: Parameters;
}

/**
 * Checks values that a user gives against the package's configuration schema.
 *
 * @param previous the values given at the last install or update: immutable settings must keep theirs
 */
export function validateParameters(
  _description: ApplicationDescription,
  _values: Readonly<Record<string, Json>>,
  _previous?: Readonly<Record<string, Json>>,
): ParameterValidation {
  throw new Error('not written yet');
}

/** Only what concerns the profile's components: other targets, and parameters left without any, are dropped. */
export function parametersFor(_profile: DeploymentProfile, _parameters: Parameters): Parameters {
  throw new Error('not written yet');
}
