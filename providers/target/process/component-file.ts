import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { TargetFault } from '../../../core/ports/index.js';
import { readLooseYaml } from '../../../core/yaml/index.js';
import { isReserved } from './declaration.js';

/** What a process component is in a registry: one layer of the second type whose root holds `component.yaml`. */
export const processArtifactType = 'application/vnd.tutti.component.process.v1+json';
export const processLayerType = 'application/vnd.tutti.component.process.v1.tar+gzip';
export const componentFileName = 'component.yaml';

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `500ms`, `10s`, `5m`, `1h`; read as milliseconds. */
const duration = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h)$/, 'a duration such as 500ms, 10s, 5m or 1h')
  .transform((text) => Number.parseFloat(text) * (units[text.replace(/^[\d.]+/, '')] ?? 1));

/** What is done again after so long is not done without any pause. */
const pause = duration.refine((milliseconds) => milliseconds >= 100, { error: 'at least 100ms' });

/** The system takes arguments and variables as text that ends with a NUL. */
const systemText = z.string().refine((text) => !text.includes('\0'), { error: 'text without a NUL character' });
const command = z.array(systemText.min(1)).min(1);

const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of an environment variable');

const signalName = z
  .enum(Object.keys(constants.signals) as [NodeJS.Signals, ...NodeJS.Signals[]])
  .describe('Signal that asks the process to end');

const httpProbe = z
  .strictObject({
    port: z.int().min(1).max(65_535).optional().describe('Port on 127.0.0.1'),
    portFrom: variableName.optional().describe('Environment variable that holds the port, instead of `port`'),
    path: z.string().startsWith('/').default('/').describe('Path and query that is asked for'),
    expect: z.int().min(100).max(599).optional().describe('Status that means healthy; any 2xx unless told'),
  })
  .refine((probe) => (probe.port === undefined) !== (probe.portFrom === undefined), {
    error: 'exactly one of port and portFrom is needed',
  });

const health = z
  .strictObject({
    http: httpProbe.optional().describe('A GET whose status tells'),
    command: command.optional().describe('A command whose exit code 0 means healthy'),
    interval: pause.prefault('10s').describe('Time between two checks once it is healthy; at least 100ms'),
    timeout: duration.prefault('5s').describe('A check that takes longer has failed'),
    startPeriod: duration.prefault('0s').describe('Failures this soon after the start do not count'),
    retries: z.int().min(1).default(3).describe('So many failures in a row make it unhealthy'),
  })
  .refine((check) => (check.http === undefined) !== (check.command === undefined), {
    error: 'exactly one of http and command is needed',
  });

const backoff = z.strictObject({
  start: pause.prefault('1s').describe('Wait before the first restart, at least 100ms; doubled by every further one'),
  max: pause.prefault('1m').describe('Longest wait; at least 100ms'),
  reset: duration.prefault('1m').describe('After running this long the next wait is `start` again'),
});

/**
 * `component.yaml`: how a process component is run. Unknown keys are faults.
 *
 * ```yaml
 * command: [node, server.mjs]
 * environment: { PORT: "8080" }
 * health: { http: { portFrom: PORT, path: /health } }
 * ```
 *
 * The command must stay in the foreground: a process that puts itself into the background counts as ended.
 */
export const ComponentFile = z
  .strictObject({
    command: command.describe(
      'Executable and arguments. The executable is a file of the artifact, else one on PATH; `node` is the Node that runs the agent',
    ),
    environment: z
      .record(variableName, systemText)
      .default({})
      .describe('Variables; a parameter of the same name takes precedence'),
    workingDirectory: systemText
      .default('.')
      .refine((folder) => !path.isAbsolute(folder) && !folder.split(/[\\/]/).includes('..'), {
        error: 'a folder inside the artifact',
      })
      .describe('Where the command runs, relative to the artifact'),
    restart: z
      .strictObject({
        policy: z
          .enum(['always', 'on-failure', 'never'])
          .default('always')
          .describe('`on-failure`: not after exit code 0'),
        backoff: backoff.prefault({}),
      })
      .prefault({}),
    stop: z
      .strictObject({
        signal: signalName.default('SIGTERM'),
        grace: duration.prefault('10s').describe('What still runs then is killed'),
      })
      .prefault({}),
    health: health
      .optional()
      .describe('Without it a component counts as running once it has stayed alive for a moment'),
  })
  .refine((file) => !Object.keys(file.environment).some(isReserved), {
    error: 'names that begin with TUTTI_ are set by the platform',
    path: ['environment'],
  });

export type ComponentFile = z.output<typeof ComponentFile>;
export type HealthCheck = NonNullable<ComponentFile['health']>;

/** @throws TargetFault `invalid`, naming every fault */
export function parseComponentFile(text: string): ComponentFile {
  const { value, fault } = readLooseYaml(text);
  if (fault) throw invalid([fault.message]);
  const result = ComponentFile.safeParse(value);
  if (result.success) return result.data;
  throw invalid(result.error.issues.map((issue) => `${issue.path.join('.') || '(root)'}: ${issue.message}`));
}

/** Reads the `component.yaml` of an unpacked artifact. @throws TargetFault `invalid` */
export async function readComponentFile(directory: string): Promise<ComponentFile> {
  let text: string;
  try {
    text = await readFile(path.join(directory, componentFileName), 'utf8');
  } catch (error) {
    throw new TargetFault('invalid', `the artifact has no readable ${componentFileName} in its root`, false, {
      cause: error,
    });
  }
  return parseComponentFile(text);
}

function invalid(faults: readonly string[]): TargetFault {
  return new TargetFault('invalid', `${componentFileName}: ${faults.join('; ')}`, false);
}
