import path from 'node:path';
import { defineProvider } from '../../../core/plugin/index.js';
import { TargetProvider } from '../../../core/ports/index.js';
import { MockConfig } from './config.js';
import { mockDeclaration } from './declaration.js';
import { MockPlatform } from './platform.js';
import { MockTarget } from './target.js';

export { MockConfig } from './config.js';
export { MockPlatform, type Workload } from './platform.js';
export { MockTarget } from './target.js';

/** A platform that only pretends, for load tests and for tests of managers. */
export const mockTarget = defineProvider({
  port: TargetProvider,
  type: 'target.mock',
  version: '1.0.0',
  summary: 'Pretends to run workloads, for load tests',
  config: MockConfig,
  declares: mockDeclaration,
  create: ({ name, config, clock, dataDir }) => {
    const file = config.persistent ? path.join(dataDir, 'mock', `${encodeURIComponent(name)}.json`) : undefined;
    return new MockTarget(config, clock, new MockPlatform(file));
  },
});

export default mockTarget;
