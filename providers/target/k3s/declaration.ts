import type { TargetDeclaration } from '../../../core/plugin/index.js';
import { manifestsComponent } from './manifests/declaration.js';

export const k3sDeclaration: TargetDeclaration = { components: [manifestsComponent], dryRun: true, parallel: 64 };
