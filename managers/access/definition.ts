import { defineManager, StateProvider } from '../../core/plugin/index.js';
import { AccessManager } from './index.js';
import { TokenAccess } from './manager.js';

export default defineManager({
  type: 'manager.access',
  version: '1.0.0',
  summary: 'API tokens with roles; the first admin token is left in a file',
  provides: AccessManager,
  uses: { state: StateProvider },
  create: ({ uses, clock, log, dataDir }) => new TokenAccess({ state: uses.state, clock, log, dataDir }),
});
