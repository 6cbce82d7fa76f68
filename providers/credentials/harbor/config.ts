import { z } from '../../../core/plugin/index.js';
import { ociConfig, registryEntry } from '../../shared/oci/index.js';

export const harborCredentialsConfig = registryEntry
  .safeExtend({
    project: z.string().min(1).describe('The project that devices may pull from'),
    days: z
      .int()
      .min(1)
      .max(3650)
      .default(30)
      .describe('Days for which a password is good; a device asks for a new one when half of them are over'),
    prefix: z
      .string()
      .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'must be of lower-case letters, digits and single `-` between them')
      .max(40)
      .default('tutti')
      .describe('What the names of the accounts begin with; two fleet managers with one project need two of them'),
    timeouts: ociConfig.shape.timeouts,
    attempts: ociConfig.shape.attempts,
  })
  .describe('A robot account in a project of Harbor for each device that asks for one');
