import { z } from '../../../core/plugin/index.js';
import type { ScanReport } from '../../../core/ports/index.js';

// What Harbor's API v2.0 answers, as far as it is looked at. Not strict: a newer Harbor may say more.

const time = z.string().transform((text, context) => {
  const milliseconds = Date.parse(text);
  if (!Number.isNaN(milliseconds)) return milliseconds;
  context.addIssue({ code: 'custom', message: 'no date and time' });
  return z.NEVER;
});

export const project = z.object({
  project_id: z.int(),
  name: z.string(),
  repo_count: z.int().optional(),
  metadata: z.object({ public: z.string().optional() }).nullish(),
});
export type Project = z.output<typeof project>;

export const repository = z.object({
  id: z.int(),
  /** With the project: `apps/pump`. */
  name: z.string(),
  artifact_count: z.int().optional(),
});
export type Repository = z.output<typeof repository>;

const summary = z.object({
  scan_status: z.string().optional(),
  severity: z.string().optional(),
  end_time: time.optional(),
  scanner: z.object({ name: z.string().optional(), version: z.string().optional() }).nullish(),
  summary: z
    .object({
      total: z.int().default(0),
      fixable: z.int().default(0),
      summary: z.record(z.string(), z.int()).nullish(),
    })
    .nullish(),
});

export const artifact = z.object({
  digest: z.string(),
  /** `IMAGE`, `CHART`, or what the config's media type says. */
  type: z.string().optional(),
  size: z.int().optional(),
  tags: z.array(z.object({ name: z.string() })).nullish(),
  /** By the media type of the report. */
  scan_overview: z.record(z.string(), summary).nullish(),
});
export type Artifact = z.output<typeof artifact>;

/** A project's storage in bytes; a limit of -1 is none. */
export const projectSummary = z.object({
  quota: z.object({ hard: z.record(z.string(), z.int()), used: z.record(z.string(), z.int()) }).nullish(),
});

/** Bytes. */
export interface Quota {
  readonly used: number;
  /** Absent: there is none. */
  readonly limit?: number;
}

export const robot = z.object({
  id: z.int(),
  /** In full, with Harbor's prefix and the project: `robot$apps+press-7`. */
  name: z.string(),
  disable: z.boolean().optional(),
  /** Seconds since the epoch; -1: never. */
  expires_at: z.int().optional(),
});
export type Robot = z.output<typeof robot>;

export const createdRobot = robot.extend({ secret: z.string().min(1) });
export const refreshedSecret = z.object({ secret: z.string().min(1) });

const statuses: Readonly<Record<string, ScanReport['status']>> = {
  Pending: 'queued',
  Scheduled: 'queued',
  Running: 'running',
  Success: 'succeeded',
  Error: 'failed',
  Stopped: 'stopped',
};

/** The report of an artifact; `undefined` where it was not scanned. Of several, the newest. */
export function scanReport({ scan_overview: overview }: Artifact): ScanReport | undefined {
  const reports = Object.values(overview ?? {});
  const [newest] = reports.sort((one, other) => (other.end_time ?? 0) - (one.end_time ?? 0));
  const status = statuses[newest?.scan_status ?? ''];
  if (!newest || status === undefined) return undefined;
  const { severity, scanner, summary: found, end_time: end } = newest;
  // Harbor gives a report that is not done yet the end 0001-01-01.
  const finishedAt = end !== undefined && end > 0 ? end : undefined;
  const name = [scanner?.name, scanner?.version].filter((part) => part !== undefined && part !== '').join(' ');
  return {
    status,
    ...(severity !== undefined && severity !== '' && { severity }),
    ...(status === 'succeeded' &&
      found && {
        vulnerabilities: { total: found.total, fixable: found.fixable, bySeverity: found.summary ?? {} },
      }),
    ...(name !== '' && { scanner: name }),
    ...(finishedAt !== undefined && { finishedAt }),
  };
}
