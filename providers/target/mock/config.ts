import { z } from 'zod';
import { mockDeclaration, mockTypes } from './declaration.js';

const outcome = z.enum(['ok', 'artifact', 'start', 'timeout', 'unhealthy', 'platform']);
export type Outcome = z.output<typeof outcome>;

export const MockConfig = z.strictObject({
  deploymentTypes: z
    .array(z.enum(mockTypes))
    .min(1)
    .default([...mockTypes])
    .describe('What it pretends to run'),
  latency: z.int().min(0).default(0).describe('Milliseconds that an apply or a remove takes'),
  parallel: z
    .int()
    .min(1)
    .max(mockDeclaration.parallel)
    .default(16)
    .describe('Applications that may be worked on at the same time'),
  failures: z
    .strictObject({
      rate: z.number().min(0).max(1).default(0).describe('Share of applies that fail'),
      sequence: z.array(outcome).default([]).describe('What the first applies come to; the rate decides afterwards'),
      seed: z.int().default(1).describe('The same seed makes the same applies fail'),
    })
    .prefault({}),
  missing: z.array(z.string()).default([]).describe('Repositories whose artifacts are nowhere'),
  failing: z.array(z.string()).default([]).describe('Repositories whose components end as soon as they start'),
  stuck: z.array(z.string()).default([]).describe('Repositories whose components take for ever to install'),
  persistent: z
    .boolean()
    .default(false)
    .describe('Whether its workloads outlive the host, in a file in the data directory'),
});
export type MockConfig = z.output<typeof MockConfig>;
