import { join } from 'node:path';
import {
  ArtifactRegistry,
  type Definition,
  defineProvider,
  optional,
  PullCredentials,
  TargetProvider,
} from '../../../core/plugin/index.js';
import { dockerConfig } from './config.js';
import { dockerDeclaration } from './declaration.js';
import { DockerTarget } from './target.js';

/** `target.docker`: compose components on a real Docker engine. */
export const targetDocker: Definition = defineProvider({
  port: TargetProvider,
  type: 'target.docker',
  version: '1.0.0',
  summary: 'Runs compose components on a Docker engine',
  needs: {
    network:
      "Speaks with the Docker engine's socket, or with the engine that DOCKER_HOST names; the engine pulls images",
    files: 'Reads the password files of its config',
    programs: 'Runs docker compose, or the program of its config',
    privileges: "Whoever may use the engine's socket is root on the machine; components get what `allow` says",
  },
  config: dockerConfig,
  declares: dockerDeclaration,
  uses: { registry: ArtifactRegistry, handed: optional(PullCredentials) },
  create: ({ name, config, uses, log, clock, dataDir, resolvePath }) =>
    new DockerTarget({ config, ...uses, clock, log, directory: join(dataDir, name), resolvePath }),
});

export default targetDocker;
