import { defineProvider, EventBus, z } from 'tutti/plugin';
import { Bus } from './bus.ts';

/**
 * What a bus promises is written at `EventBus`, and `tutti plugin test .` sees whether this one keeps it. This one carries
 * events within one host: put what carries yours behind bus.ts.
 */
export default defineProvider({
  port: EventBus,
  type: 'events.my-events',
  version: '0.1.0',
  summary: 'What it does, in one line',
  config: z.strictObject({
    retry: z
      .int()
      .min(1)
      .default(100)
      .describe('Milliseconds before a failed delivery is tried again; then ever longer'),
    retryCap: z.int().min(1).default(30_000).describe('Milliseconds between two attempts at most'),
  }),
  // Makes, and does nothing yet: what may fail or takes time belongs into `start() {}`.
  create: ({ config, clock, log }) => new Bus(config, clock, log),
});
