import { type ComponentType, z } from '../../../../core/plugin/index.js';
import { pointerPattern } from './pointer.js';

/** Every property and parameter changes the release. */
export const helmComponent: ComponentType = {
  deploymentType: 'helm',
  properties: z.looseObject({
    keyLocation: z.string().optional().describe('Where the key to its signature lies; not looked at'),
  }),
  parameters: z.record(
    z
      .string()
      .regex(pointerPattern, 'expected a values path such as image.tag')
      .describe('Values path, as `--set` of Helm writes it'),
    z.json().describe('Keeps its type'),
  ),
  changes: { properties: ['*'], parameters: ['*'] },
};
