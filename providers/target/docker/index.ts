import { join } from 'node:path';
import { ArtifactRegistry, type Definition, defineProvider, TargetProvider } from '../../../core/plugin/index.js';
import { dockerConfig } from './config.js';
import { dockerDeclaration } from './declaration.js';
import { DockerTarget } from './target.js';

/** `target.docker`: compose components on a real Docker engine. */
export const targetDocker: Definition = defineProvider({
  port: TargetProvider,
  type: 'target.docker',
  version: '1.0.0',
  summary: 'Runs compose components on a Docker engine',
  config: dockerConfig,
  declares: dockerDeclaration,
  uses: { registry: ArtifactRegistry },
  create: ({ name, config, uses, log, clock, dataDir, resolvePath }) =>
    new DockerTarget({ config, registry: uses.registry, clock, log, directory: join(dataDir, name), resolvePath }),
});

export default targetDocker;
