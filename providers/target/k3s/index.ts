import { join } from 'node:path';
import {
  ArtifactRegistry,
  type Definition,
  defineProvider,
  optional,
  PullCredentials,
  TargetProvider,
} from '../../../core/plugin/index.js';
import { k3sConfig } from './config.js';
import { k3sDeclaration } from './declaration.js';
import { K3sTarget } from './target.js';

/** `target.k3s`: helm charts and plain manifests on k3s or another Kubernetes. */
export const targetK3s: Definition = defineProvider({
  port: TargetProvider,
  type: 'target.k3s',
  version: '1.0.0',
  summary: 'Runs helm charts and plain manifests on k3s or another Kubernetes',
  needs: {
    network: 'Speaks with the Kubernetes API server that the kubeconfig names; its nodes pull images',
    files: 'Reads the kubeconfig, the password files and the CA file of its config',
    programs: 'Runs helm, or the program of its config, where the cluster has no Helm controller',
    privileges: 'Needs the rights of its user in the cluster; components of plain manifests get what `allow` says',
  },
  config: k3sConfig,
  declares: k3sDeclaration,
  uses: { registry: ArtifactRegistry, handed: optional(PullCredentials) },
  create: ({ name, config, uses, log, clock, dataDir, resolvePath }) =>
    new K3sTarget({ config, ...uses, clock, log, directory: join(dataDir, name), resolvePath }),
});

export default targetK3s;
