import { defineProvider, QueueProvider, z } from '../../../core/plugin/index.js';
import { MemoryQueues } from './queues.js';

export { MemoryQueues } from './queues.js';

export default defineProvider({
  port: QueueProvider,
  type: 'queue.memory',
  version: '1.0.0',
  summary: 'Work of one host; what waits when it stops is gone, and enqueued again by who knows of it from state',
  config: z.strictObject({
    attempts: z.int().positive().default(5).describe('How often an item is tried until it is kept as failed'),
    firstDelay: z.int().positive().default(1000).describe('Milliseconds before a failed item is tried again'),
    maxDelay: z.int().positive().default(300_000).describe('Milliseconds between two attempts at most'),
  }),
  create: ({ config, clock, log }) => new MemoryQueues(config, clock, log),
});
