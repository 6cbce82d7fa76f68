import { ociConfig, registryEntry } from '../../shared/oci/index.js';

/** One Harbor, and what `registry.oci` can be told beside it. */
export const harborConfig = registryEntry
  .safeExtend({ ...ociConfig.shape })
  .describe('A Harbor, and other registries that packages may come from');
