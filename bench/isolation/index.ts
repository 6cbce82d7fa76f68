import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { builtinRegistry } from '../../cli/profile.js';
import { systemClock } from '../../core/host/clock.js';
import { isolated } from '../../core/isolation/isolated.js';
import type { Lifecycle, TargetProvider } from '../../core/plugin/index.js';
import { silentLogger, testContext } from '../../core/testing/index.js';
import target from '../../providers/target/mock/index.js';
import type { BenchOptions } from '../options.js';
import type { Report } from '../report.js';
import { median } from '../statistics.js';

const kinds = ['none', 'thread', 'process'] as const;
type Kind = (typeof kinds)[number];

/** How many calls are under way at the same time. */
const widths = [1, 64] as const;
const callsOfRound = 2_048;

/** What a call costs when its entry stands in a thread or a process of its own. */
export async function benchIsolation({ rounds }: BenchOptions): Promise<Report> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tutti-bench-'));
  const { signal } = new AbortController();
  const targets = new Map<Kind, TargetProvider & Lifecycle>();
  try {
    for (const kind of kinds) {
      const instance = await open(kind, dataDir);
      targets.set(kind, instance);
      await instance.start?.(signal);
    }
    const samples = new Map<string, number[]>();
    for (let round = 0; round <= rounds; round++) {
      for (const width of widths) {
        for (const [kind, instance] of targets) {
          const each = await measure(instance, width);
          // The first round is for the compiler.
          if (round > 0) samples.set(`${kind} ${width}`, [...(samples.get(`${kind} ${width}`) ?? []), each]);
        }
      }
    }
    return report(samples, rounds);
  } finally {
    for (const instance of targets.values()) await instance.stop?.(signal);
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function open(kind: Kind, dataDir: string): Promise<TargetProvider & Lifecycle> {
  if (kind === 'none') return (await testContext<TargetProvider>(target, { dataDir, clock: systemClock })).instance;
  const origin = builtinRegistry().originOf(target.type);
  if (!origin) throw new Error(`${target.type} is not built in`);
  // It is one of the target port: that is what is made.
  return isolated({
    name: kind,
    path: undefined,
    definition: target,
    isolation: { kind, memory: 256, deadline: 30_000, origin },
    written: {},
    uses: {},
    dataDir,
    resolvePath: (path) => resolve(path),
    clock: systemClock,
    log: silentLogger(),
    startDeadline: 60_000,
  }) as TargetProvider & Lifecycle;
}

/** @returns microseconds a call */
async function measure(instance: TargetProvider, width: number): Promise<number> {
  const caller = async (): Promise<void> => {
    for (let call = 0; call < callsOfRound / width; call++) await instance.describe();
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: width }, caller));
  return ((performance.now() - began) * 1_000) / callsOfRound;
}

function report(samples: ReadonlyMap<string, readonly number[]>, rounds: number): Report {
  const of = (kind: Kind, width: number): readonly number[] => samples.get(`${kind} ${width}`) ?? [];
  const ratio = (kind: Kind, to: Kind, width: number): number =>
    median(of(kind, width).map((each, round) => each / (of(to, width)[round] ?? Number.NaN)));
  return {
    benchmark: 'isolation',
    method: [
      `\`describe\` of target.mock in the host, in a thread and in a process, which take turns in ${rounds} rounds of`,
      `${callsOfRound} calls each; medians, in microseconds a call. Ratios are taken within a round.`,
    ],
    table: {
      columns: ['isolation', ...widths.map((width) => `us, ${width} at once`)],
      rows: kinds.map((kind) => [kind, ...widths.map((width) => median(of(kind, width)))]),
    },
    results: widths.flatMap((width) => [
      { name: `thread / none, ${width} at once`, value: ratio('thread', 'none', width) },
      { name: `process / none, ${width} at once`, value: ratio('process', 'none', width) },
      { name: `process / thread, ${width} at once`, value: ratio('process', 'thread', width) },
    ]),
  };
}
