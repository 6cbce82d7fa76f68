import { join } from 'node:path';
import { z } from 'zod';
import type { ReloadReport } from '../../core/host/index.js';

/** The socket in its data directory on which a host takes `tutti reload`. */
export function socketIn(dataDir: string): string {
  return join(dataDir, 'host.sock');
}

/** Bytes; `sun_path` of Linux without the zero at its end. Node would cut a longer one and listen elsewhere. */
const longestSocketPath = 107;

export function fitsSocket(path: string): boolean {
  return Buffer.byteLength(path) <= longestSocketPath;
}

/** What a host is asked: to read this file again, absolute, which must be the one that it runs. */
export const reloadRequest = z.strictObject({ reload: z.string() });

const planned = z.array(z.object({ entry: z.string(), because: z.string() })).readonly();
const failed = z.array(z.object({ entry: z.string(), reason: z.string() })).readonly();

const report = z.object({
  outcome: z.enum(['reloaded', 'unchanged', 'refused', 'rolled-back', 'broken', 'stopped']),
  plan: z.object({
    kept: planned,
    replaced: planned,
    added: planned,
    removed: planned,
    settings: z.array(z.string()).readonly(),
  }),
  failures: failed,
  down: failed,
  summary: z.string(),
  milliseconds: z.number(),
}) satisfies z.ZodType<ReloadReport>;

/** What it answers. */
export const reloadAnswer = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('report'), report }),
  /** The host finds faults in the file, with the environment that it has. */
  z.object({ kind: z.literal('faults'), text: z.string() }),
  /** It runs another file. */
  z.object({ kind: z.literal('other-profile'), profile: z.string() }),
  z.object({ kind: z.literal('not-understood') }),
]);

/** @returns `undefined` for what is no JSON, such as the beginning of a line that was cut */
export function parsedLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

export type ReloadAnswer = z.infer<typeof reloadAnswer>;
