import type { TargetDeclaration } from '../../../core/plugin/index.js';
import { helmComponent } from './helm/component-type.js';
import { manifestsComponent } from './manifests/declaration.js';

export const k3sDeclaration: TargetDeclaration = {
  components: [manifestsComponent, helmComponent],
  dryRun: true,
  parallel: 64,
};
