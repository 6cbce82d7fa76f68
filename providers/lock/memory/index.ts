import { defineProvider, LockProvider, z } from '../../../core/plugin/index.js';
import { MemoryLocks } from './locks.js';

export { MemoryLocks } from './locks.js';

export default defineProvider({
  port: LockProvider,
  type: 'lock.memory',
  version: '1.0.0',
  summary: 'Locks among the managers of one host; other hosts know nothing of them',
  config: z.strictObject({}),
  create: ({ clock }) => new MemoryLocks(clock),
});
