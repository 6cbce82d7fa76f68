import { defineManager } from '../../core/plugin/index.js';
import { PlacementManager } from './index.js';

export default defineManager<PlacementManager>({
  type: 'manager.placement',
  version: '1.0.0',
  summary: 'Says which devices can run which deployment profile, and why not',
  provides: PlacementManager,
  create: () => {
    throw new Error('not written yet');
  },
});
