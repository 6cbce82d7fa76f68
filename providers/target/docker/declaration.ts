import { type ComponentType, type TargetDeclaration, z } from '../../../core/plugin/index.js';

/** Every property and parameter changes the containers. */
export const composeComponent: ComponentType = {
  deploymentType: 'compose',
  properties: z.looseObject({
    keyLocation: z.string().optional().describe('Where the key to its signature lies; not looked at'),
  }),
  parameters: z.record(
    z
      .string()
      .regex(/^[^=\s\0]+$/, 'expected the name of an environment variable')
      .describe('Environment variable of every container'),
    z.json().describe('Text as it is, everything else as JSON'),
  ),
  changes: { properties: ['*'], parameters: ['*'] },
};

export const dockerDeclaration: TargetDeclaration = { components: [composeComponent], dryRun: false, parallel: 64 };
