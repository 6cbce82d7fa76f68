import { ArtifactRegistry, defineManager, repositoryPlace, StateProvider, z } from '../../core/plugin/index.js';
import { CatalogManager } from '../catalog/index.js';
import { IntakeManager } from './index.js';
import { RegistryIntake } from './manager.js';

export default defineManager({
  type: 'manager.intake',
  version: '1.0.0',
  summary: 'Imports into the catalog what registries tell of, after asking them what is there now',
  provides: IntakeManager,
  config: z.strictObject({
    repositories: z
      .array(repositoryPlace)
      .optional()
      .describe(
        'Only these repositories, `project/name` without the host, or all below what ends in `/`, as in `apps/`. All that a ' +
          'registry tells of unless told',
      ),
    labels: z
      .record(z.string().min(1).max(317), z.string().max(256))
      .default({})
      .describe('Labels of packages that are imported so'),
    parallel: z.int().min(1).max(64).default(4).describe('Notices looked at at the same time'),
  }),
  uses: { state: StateProvider, registry: ArtifactRegistry, catalog: CatalogManager },
  create: ({ uses, config, clock, log }) => new RegistryIntake({ ...uses, ...config, clock, log }),
});
