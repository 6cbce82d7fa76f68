import { type ComponentType, z } from '../../../../core/plugin/index.js';

/** Plain manifests: a deployment type of Margo that leaves the artifact's form to the device. */
export const manifestsComponent: ComponentType = {
  deploymentType: 'custom',
  properties: z.looseObject({
    keyLocation: z.string().optional().describe('Where the key to its signature lies; not looked at'),
  }),
  parameters: z.record(
    z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/, 'expected the name of an environment variable')
      .describe('Environment variable of every container; manifests may refer to it by its name in dollar and braces'),
    z
      .json()
      .refine((json) => typeof json !== 'string' || !json.includes('\0'), 'expected text without a NUL character')
      .describe('Text as it is, everything else as JSON'),
  ),
  changes: { properties: ['*'], parameters: ['*'] },
};

/** What a component of plain manifests is in a registry: layers of YAML documents, applied in the order of the layers. */
export const manifestsArtifactType = 'application/vnd.tutti.component.manifests.v1+json';
export const manifestsLayerType = 'application/yaml';
