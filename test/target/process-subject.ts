import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../../core/host/clock.js';
import type { Definition } from '../../core/plugin/index.js';
import type { TargetProvider } from '../../core/ports/index.js';
import { testContext } from '../../core/testing/context.js';
import type { KitSubject } from '../../core/testing/kit.js';
import type { TargetPlatform, TargetUnderTest } from '../../core/testing/target/index.js';
import { processTarget } from '../../providers/target/process/index.js';
import { killableAgent } from './killable-agent.js';
import type { MemoryRegistry } from './memory-registry.js';
import { sampleApplication, sampleRegistry } from './process-samples.js';

export interface ProcessSubject extends KitSubject<TargetUnderTest> {
  readonly dataDir: string;
  readonly registry: MemoryRegistry;
  reopen(): Promise<TargetUnderTest>;
  /** With other settings from now on. */
  reopenWith(config: object): Promise<TargetUnderTest>;
  close(): Promise<void>;
}

/**
 * A process target over a temporary directory, with real processes.
 *
 * @param definition what makes it; `target.process` unless told
 */
export async function processSubject(
  first: object = { settle: 50 },
  definition: Definition = processTarget,
): Promise<ProcessSubject> {
  let config = first;
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'tutti-process-'));
  const registry = await sampleRegistry();
  const platform = processPlatform(dataDir);
  const uses = { registry };
  const open = async (): Promise<{ target: TargetUnderTest; close: () => Promise<void> }> => {
    const context = await testContext<TargetProvider>(definition, { dataDir, config, clock: systemClock, uses });
    await context.start();
    return { target: Object.assign(context.instance, { platform }), close: () => context.dispose() };
  };
  let current = await open();
  const reopen = async (): Promise<TargetUnderTest> => {
    current = await open();
    return current.target;
  };
  return {
    instance: current.target,
    dataDir,
    registry,
    close: () => current.close(),
    reopen,
    reopenWith: (next) => {
      config = next;
      return reopen();
    },
    dispose: async () => {
      await current.close();
      for (const { pid } of workloads(dataDir)) kill(pid);
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function processPlatform(dataDir: string): TargetPlatform {
  const mainOf = (id: string, component: string): Workload[] =>
    workloads(dataDir).filter(
      ({ environment, leads }) =>
        leads && environment['TUTTI_APPLICATION'] === id && environment['TUTTI_COMPONENT'] === component,
    );
  return {
    application: (id, version) => sampleApplication(id, 'sleeper', { VERSION: version }),
    missing: (id) => sampleApplication(id, 'nowhere'),
    stuck: (id) => sampleApplication(id, 'stuck', { VERSION: 'stuck' }, { timeout: 3_600_000 }),
    failing: (id) => sampleApplication(id, 'failing', {}, { timeout: 2_000 }),
    running: async (id, component) => mainOf(id, component).map(({ environment }) => environment['VERSION'] ?? '?'),
    starts: async (id, component) => {
      const [workload] = mainOf(id, component);
      if (!workload) return 0;
      const text = await readFile(path.join(workload.environment['TUTTI_STATE_DIR'] ?? '', 'starts'), 'utf8');
      return text.trim().split('\n').length;
    },
    crash: async (id, component) => {
      for (const { pid } of mainOf(id, component)) kill(pid);
    },
    leftovers: async () => [
      ...(await readdir(path.join(dataDir, 'process'))),
      ...workloads(dataDir).map(({ pid, environment }) => `process ${pid} of ${environment['TUTTI_APPLICATION']}`),
    ],
    applyElsewhere: (application, component) =>
      killableAgent(new URL('process-agent.ts', import.meta.url), [dataDir, JSON.stringify(application), component]),
  };
}

export interface Workload {
  readonly pid: number;
  /** Whether it leads its session, as what an agent starts does. */
  readonly leads: boolean;
  readonly environment: Readonly<Record<string, string>>;
}

/** All live processes whose working data is below a directory, read from /proc by other code than the target's. */
export function workloads(dataDir: string): Workload[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const found = workload(Number(name));
      return found?.environment['TUTTI_STATE_DIR']?.startsWith(dataDir + path.sep) ? [found] : [];
    });
}

function workload(pid: number): Workload | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    if (status[0] === 'Z') return undefined;
    const lines = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
    const environment = Object.fromEntries(
      lines.map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]),
    );
    return { pid, leads: status[3] === String(pid), environment };
  } catch {
    // It ended while we were looking, or is somebody else's.
    return undefined;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
