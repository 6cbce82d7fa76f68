import { readFile } from 'node:fs/promises';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { invalid, reasonOf } from '../failure.js';
import { type Finding, findings } from '../laboratory/findings.js';
import { runLaboratory } from '../laboratory/laboratory.js';
import { workloads } from '../laboratory/measure.js';
import type { Guest } from '../laboratory/protocols.js';
import { serveHere } from '../laboratory/serving-process.js';
import { type Column, table } from '../output/table.js';
import { tuttiVersion } from '../profile.js';
import type { Terminal } from '../terminal.js';

export interface BenchOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly devices: number;
  readonly binding?: string;
  readonly config?: string;
  readonly only?: readonly string[];
  readonly output: 'table' | 'json';
}

/** `tutti bench bindings`: the same workloads over all bindings, beside the bare libraries. */
export async function benchBindings(terminal: Terminal, options: BenchOptions): Promise<void> {
  const guest = await guestOf(options);
  const [file = ''] = process.argv.slice(1, 2);
  const seen = await runLaboratory({
    rounds: options.rounds,
    seconds: options.seconds,
    devices: options.devices,
    ...(guest && { guest }),
    ...(options.only && { only: options.only }),
    program: { file, args: ['bench', 'serve'] },
    progress: (text) => terminal.progress(text),
    signal: terminal.signal,
  });
  const found = findings(seen);
  const about = surroundings(options);
  if (options.output === 'json') {
    terminal.out(
      JSON.stringify(
        {
          surroundings: about,
          workloads: workloads.map(({ name, about: what }) => ({ name, about: what })),
          findings: found,
        },
        undefined,
        2,
      ),
    );
    return;
  }
  const method = [
    `${about.cpu}, ${about.cores} cores, ${about.memoryGiB} GiB, ${about.system}, node ${about.node}, tutti ${about.tutti}`,
    `${options.rounds} rounds of ${options.seconds} s, interleaved; medians over rounds; ${options.devices} devices listen; no TLS, on this machine.`,
    'CPU is that of the serving process for one unit (of mqtt with its broker); OF BARE compares it with the library alone, round by round.',
    ...workloads.map(({ name, about: what }) => `${name}: ${what}`),
  ];
  terminal.out(`${method.join('\n')}\n\n${table(columns, found)}`);
  terminal.next('tutti bench bindings -o json, and --binding ./my-binding.ts for one of your own');
}

/** The process that serves; `bench bindings` starts it. */
export async function benchServe(): Promise<void> {
  if (!process.send) throw invalid('this is started by tutti bench bindings', 'run tutti bench bindings');
  await serveHere();
}

const columns: readonly Column<Finding>[] = [
  { head: 'WORKLOAD', value: ({ workload }) => workload },
  { head: 'BINDING', value: ({ binding, subject }) => (subject === 'bare' ? `${binding} (bare)` : binding) },
  { head: 'P50 MS', value: ({ p50 }) => rounded(p50) },
  { head: 'P99 MS', value: ({ p99 }) => rounded(p99) },
  { head: 'PER SECOND', value: ({ perSecond }) => rounded(perSecond) },
  { head: 'WIRE BYTES', value: ({ wireBytes }) => rounded(wireBytes) },
  { head: 'CPU US', value: ({ cpu }) => rounded(cpu) },
  { head: 'OF BARE', value: ({ ofBare }) => (ofBare === undefined ? '' : ofBare.toFixed(2)) },
];

/** Three significant digits, and never fewer than a whole number has. */
function rounded(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

interface Surroundings {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly tutti: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly devices: number;
}

/** Where the numbers come from; no name and no path of the machine. */
function surroundings({ rounds, seconds, devices }: BenchOptions): Surroundings {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.versions.node,
    tutti: tuttiVersion(),
    rounds,
    seconds,
    devices,
  };
}

/** @throws CommandFailure for a config that cannot be read */
async function guestOf({ binding, config }: BenchOptions): Promise<Guest | undefined> {
  if (binding === undefined) return undefined;
  const module = /^[\w@]/.test(binding) && /\.[cm]?[jt]s$/.test(binding) ? `./${binding}` : binding;
  if (config === undefined) return { module };
  try {
    return { module, config: (await import('yaml')).parse(await readFile(config, 'utf8')) as unknown };
  } catch (cause) {
    throw invalid(`the config of the binding cannot be read: ${reasonOf(cause)}`, 'name a YAML file with --config', {
      cause,
    });
  }
}
