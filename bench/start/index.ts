import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cpuSeconds, type Program, type RunningProgram, residentMB, startProgram } from '../child.js';
import type { BenchOptions } from '../options.js';
import type { Report } from '../report.js';
import { median } from '../statistics.js';

interface Kind {
  readonly name: string;
  /** @param data where it keeps its data */
  readonly program: (data: string) => Program;
  /** Whether there is a data directory from an earlier start. */
  readonly again: boolean;
}

interface Sample {
  readonly startMs: number;
  /** What the host says of itself; it counts from when its code runs. */
  readonly saidMs: number | undefined;
  /** Of all threads, from the spawn to the ready line. */
  readonly cpuMs: number;
  readonly idleMB: number;
}

/** From nothing to `ready`, and what an idle host weighs. */
export async function benchStart({ rounds, builds }: BenchOptions): Promise<Report> {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-bench-'));
  try {
    const kinds: Kind[] = [{ name: 'node, saying ready', program: () => ({ args: ['-e', bare] }), again: false }];
    for (const [name, main] of builds) {
      for (const profile of ['wfm', 'agent.process']) {
        for (const again of [false, true]) {
          const program = (data: string): Program => hostProgram(main, profile, data, join(directory, 'fleet'));
          kinds.push({ name: `${name} ${profile}, ${again ? 'again' : 'first'}`, program, again });
        }
      }
    }
    // Agents need somebody to poll.
    const [main = ''] = builds.values();
    await using fleet = await startProgram(hostProgram(main, 'wfm', join(directory, 'fleet')));
    const url = /https:\S+/.exec(fleet.ready)?.[0] ?? '';
    const samples = new Map(kinds.map(({ name }): [string, Sample[]] => [name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const kind of kinds) {
        const data = join(directory, kind.name.replaceAll(/\W+/g, '-'), kind.again ? 'kept' : String(round));
        samples.get(kind.name)?.push(await measure(withUrl(kind.program(data), url)));
      }
    }
    return report(samples, rounds);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const bare =
  "process.stdout.write('ready\\n'); setInterval(() => {}, 2 ** 30); process.once('SIGTERM', () => process.exit())";

function hostProgram(main: string, profile: string, data: string, fleet?: string): Program {
  return {
    args: [main, 'run', `config/${profile}.yaml`],
    env: {
      TUTTI_DATA: data,
      TUTTI_HTTP_PORT: '0',
      TUTTI_ONBOARDING: 'open',
      TUTTI_POLL_SECONDS: '15',
      ...(fleet !== undefined && { TUTTI_WFM_CA: join(fleet, 'pki', 'ca.crt') }),
    },
  };
}

function withUrl({ env, ...program }: Program, url: string): Program {
  return { ...program, ...(env && { env: { ...env, TUTTI_WFM_URL: url, TUTTI_REGISTRY_URL: url } }) };
}

async function measure(program: Program): Promise<Sample> {
  const running = await startProgram(program);
  try {
    const cpuMs = (cpuSeconds(running.pid) ?? Number.NaN) * 1000;
    const said = /ready in (\d+) ms/.exec(running.ready)?.[1];
    const idleMB = await whenCalm(running);
    return { startMs: running.startMs, saidMs: said === undefined ? undefined : Number(said), cpuMs, idleMB };
  } finally {
    await running.stop();
  }
}

const pause = 250;
const calmPauses = 6;
const mostPauses = 40;

/** Resident memory once it has stood still (within 1 %) for a while: idle, whatever the collector has left. */
async function whenCalm({ pid }: RunningProgram): Promise<number> {
  let now = residentMB(pid) ?? Number.NaN;
  for (let calm = 0, turn = 0; calm < calmPauses && turn < mostPauses; turn++) {
    await delay(pause);
    const next = residentMB(pid) ?? Number.NaN;
    calm = Math.abs(next - now) <= now / 100 ? calm + 1 : 0;
    now = next;
  }
  return now;
}

function report(samples: ReadonlyMap<string, readonly Sample[]>, rounds: number): Report {
  const starts = (of: readonly Sample[]): number => median(of.map(({ startMs }) => startMs));
  const cost = (of: readonly Sample[]): number => median(of.map(({ cpuMs }) => cpuMs));
  const idle = (of: readonly Sample[]): number => median(of.map(({ idleMB }) => idleMB));
  const goals = (name: string): { start?: string; memory?: string } => {
    if (name.includes(' wfm')) return { start: '< 1000' };
    return name.includes(' agent') ? { start: '< 500', memory: '< 80' } : {};
  };
  return {
    benchmark: 'start',
    method: [
      `${rounds} starts of each in turn, as the shipped profiles have it; medians. Time runs from the spawn of the process to`,
      'its ready line, and does not count for much on a busy machine; "CPU ms" is the processor time of all threads until then.',
      '"first" makes keys, certificates and the database; "again" finds them.',
      `Idle memory is VmRSS once it has moved by less than 1 % for ${(pause * calmPauses) / 1000} s; agents are onboarded and polling.`,
    ],
    table: {
      columns: ['program', 'ready ms', 'ready ms, as it says', 'CPU ms', 'idle MB'],
      rows: [...samples].map(([name, of]) => {
        const said = of.flatMap(({ saidMs }) => saidMs ?? []);
        return [name, starts(of), said.length > 0 ? median(said) : '-', cost(of), idle(of)];
      }),
    },
    results: [...samples].flatMap(([name, of]) => {
      const { start, memory } = goals(name);
      return [
        ...(start === undefined ? [] : [{ name: `${name}: ready ms`, value: starts(of), goal: start }]),
        ...(memory === undefined ? [] : [{ name: `${name}: idle MB`, value: idle(of), goal: memory }]),
      ];
    }),
  };
}
