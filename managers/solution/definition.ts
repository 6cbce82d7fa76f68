import { defineManager } from '../../core/plugin/index.js';
import { CatalogManager } from '../catalog/index.js';
import { SolutionManager } from './index.js';
import { CatalogSolutions } from './manager.js';

export default defineManager({
  type: 'manager.solution',
  version: '1.0.0',
  summary: 'The deployable form of what is in the catalog',
  provides: SolutionManager,
  uses: { catalog: CatalogManager },
  create: ({ uses }) => new CatalogSolutions(uses.catalog),
});
