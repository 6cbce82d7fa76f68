import { z } from 'zod';

const mebibyte = 1024 * 1024;

const nameOrNumber = z.union([z.int().min(0), z.string().min(1)]);

export const ProcessConfig = z.strictObject({
  parallel: z.int().min(1).max(64).default(4).describe('Applications that may be worked on at the same time'),
  settle: z
    .int()
    .min(0)
    .default(1_000)
    .describe('Milliseconds that a component without a health check must stay alive to count as running'),
  user: nameOrNumber
    .optional()
    .describe("User that workloads run as, by name or number; only root may choose one. The agent's own unless told"),
  group: nameOrNumber.optional().describe("Their group, by name or number; the user's own unless told"),
  otlpEndpoint: z
    .url()
    .optional()
    .describe("The device's OpenTelemetry collector (OTLP over HTTP), told to every workload"),
  logs: z
    .strictObject({
      bytes: z
        .int()
        .min(1)
        .default(10 * mebibyte)
        .describe('A log file larger than this is set aside, of it at most so much'),
      files: z.int().min(0).default(3).describe('Log files set aside that are kept for each component'),
    })
    .prefault({}),
  limits: z
    .strictObject({
      bytes: z
        .int()
        .min(1)
        .default(1024 * mebibyte)
        .describe('Largest artifact, unpacked'),
      entries: z.int().min(1).default(50_000).describe('Most files in an artifact'),
    })
    .prefault({}),
});
export type ProcessConfig = z.output<typeof ProcessConfig>;
