import { defineProvider } from '../../../core/plugin/index.js';
import { ArtifactRegistry, TargetProvider } from '../../../core/ports/index.js';
import { ProcessConfig } from './config.js';
import { processDeclaration } from './declaration.js';
import { ProcessTarget } from './target.js';

export { ComponentFile, componentFileName, processArtifactType, processLayerType } from './component-file.js';
export { ProcessConfig } from './config.js';
export { ProcessTarget } from './target.js';

/** Margo's `custom` deployments as supervised processes of this machine. */
export const processTarget = defineProvider({
  port: TargetProvider,
  type: 'target.process',
  version: '1.0.0',
  summary: 'Runs components as supervised processes of this machine',
  needs: {
    network: 'Connects to the ports of this machine that the health checks of components name',
    files: 'Its workloads reach all that the user whom they run as can reach',
    programs: 'Runs the programs of the components that are deployed to it',
    privileges: 'Must be root to run workloads as another user, and needs no privileges otherwise',
  },
  config: ProcessConfig,
  declares: processDeclaration,
  uses: { registry: ArtifactRegistry },
  create: ({ config, uses, log, clock, dataDir }) =>
    new ProcessTarget({ config, log, clock, dataDir, registry: uses.registry }),
});

export default processTarget;
