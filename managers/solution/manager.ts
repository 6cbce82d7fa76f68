import { Problem, problems } from '../../core/operation/index.js';
import type { Json } from '../../core/ports/index.js';
import type { CatalogManager } from '../catalog/index.js';
import { type ApplicationDescription, type Parameters, validateParameters } from '../margo/index.js';
import type { Solution, SolutionManager } from './index.js';

/** Reads solutions from the catalog's descriptions; keeps nothing. */
export class CatalogSolutions implements SolutionManager {
  constructor(private readonly catalog: Pick<CatalogManager, 'get'>) {}

  async get(packageId: string): Promise<Solution> {
    const { id, version, profiles } = await this.#description(packageId);
    return { packageId, applicationId: id, version, profiles };
  }

  async parameters(
    packageId: string,
    values: Readonly<Record<string, Json>>,
    previous?: Readonly<Record<string, Json>>,
  ): Promise<Parameters> {
    const { faults, parameters } = validateParameters(await this.#description(packageId), values, previous);
    const [first] = faults;
    if (!first) return parameters;
    const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
    throw new Problem(problems.semanticError, `parameter ${first.field}: ${first.message}${more}`, { errors: faults });
  }

  async #description(packageId: string): Promise<ApplicationDescription> {
    const { state, description, failure } = await this.catalog.get(packageId);
    if (state === 'ONBOARDED' && description) return description;
    const why = failure === undefined ? 'its import has not ended' : failure;
    throw new Problem(problems.conflict, `package ${packageId} is ${state} and cannot be deployed: ${why}`);
  }
}
