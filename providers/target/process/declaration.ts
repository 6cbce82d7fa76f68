import { z } from 'zod';
import type { ComponentType, TargetDeclaration } from '../../../core/ports/index.js';

/** The names that the platform itself sets. */
export const isReserved = (variable: string): boolean => variable.startsWith('TUTTI_');

const variable = z
  .string()
  .regex(
    /^(?!TUTTI_)[A-Za-z_][A-Za-z0-9_]*$/,
    'expected the name of an environment variable that the platform leaves free',
  )
  .describe('Environment variable; those that begin with TUTTI_ are set by the platform');

const value = z
  .json()
  .refine((json) => typeof json !== 'string' || !json.includes('\0'), 'expected text without a NUL character')
  .describe('Text as it is, everything else as JSON');

/** Parameters are the variables that a process is given. */
export const processParameters = z.record(variable, value);

/** Everything about a process component may matter to it. */
export const processComponent: ComponentType = {
  deploymentType: 'custom',
  properties: z.looseObject({
    keyLocation: z.string().optional().describe('Where the key to its signature lies; not looked at'),
  }),
  parameters: processParameters,
  changes: { properties: ['*'], parameters: ['*'] },
};

export const processDeclaration: TargetDeclaration = { components: [processComponent], dryRun: true, parallel: 64 };
