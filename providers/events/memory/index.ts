import { defineProvider, EventBus, z } from '../../../core/plugin/index.js';
import { MemoryEvents } from './bus.js';

export { MemoryEvents } from './bus.js';

export default defineProvider({
  port: EventBus,
  type: 'events.memory',
  version: '1.0.0',
  summary: 'Events between the managers of one host; lost when it stops',
  config: z.strictObject({
    firstDelay: z.int().positive().default(100).describe('Milliseconds before a failed delivery is tried again'),
    maxDelay: z.int().positive().default(30_000).describe('Milliseconds between two attempts at most'),
    warnAbove: z.int().positive().default(10_000).describe('From how many undelivered events on to warn'),
  }),
  create: ({ config, clock, log }) => new MemoryEvents(config, clock, log),
});
