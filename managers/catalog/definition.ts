import {
  ArtifactRegistry,
  defineManager,
  EventBus,
  LockProvider,
  optional,
  QueueProvider,
  StateProvider,
  z,
} from '../../core/plugin/index.js';
import { CatalogManager } from './index.js';
import { PackageCatalog } from './manager.js';
import { SignaturePolicy, signaturesConfig } from './signature/policy.js';

export default defineManager({
  type: 'manager.catalog',
  version: '1.0.0',
  summary: 'Application packages, imported from a registry, verified and kept by version',
  provides: CatalogManager,
  config: z.strictObject({
    parallel: z.int().min(1).max(64).default(4).describe('Imports under way at the same time'),
    attempts: z
      .int()
      .min(1)
      .max(20)
      .default(5)
      .describe('How often a registry that cannot be reached is tried, with waits of 1, 2, 4, ... seconds'),
    signatures: signaturesConfig,
  }),
  needs: { files: 'Reads the public keys and certificates of its signature rules' },
  uses: {
    state: StateProvider,
    registry: ArtifactRegistry,
    events: EventBus,
    queue: optional(QueueProvider),
    locks: optional(LockProvider),
  },
  create: ({ uses, config: { signatures, ...config }, clock, log, resolvePath }) =>
    new PackageCatalog({
      ...uses,
      ...config,
      signatures: new SignaturePolicy(signatures, resolvePath, clock),
      clock,
      log,
    }),
});
