import { z } from 'zod';
import type { ChangeRules, TargetDeclaration } from '../../../core/ports/index.js';

export const mockTypes = ['custom', 'compose', 'helm'] as const;

/** Whatever is said of a component is all that there is of it. */
export const changes: ChangeRules = { properties: ['*'], parameters: ['*'] };

export const mockDeclaration: TargetDeclaration = {
  components: mockTypes.map((deploymentType) => ({ deploymentType, properties: z.looseObject({}), changes })),
  dryRun: true,
  parallel: 1024,
};
