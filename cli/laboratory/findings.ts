import type { Seen } from './laboratory.js';
import type { Round } from './measure.js';

/** What the laboratory found out about one subject in one workload. */
export interface Finding {
  readonly workload: string;
  readonly binding: string;
  /** `binding`, or `bare` for the protocol's library doing the same by hand. */
  readonly subject: 'binding' | 'bare';
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
  /** Both ways, for one unit. */
  readonly wireBytes: number;
  /** Microseconds of processor time of the serving process, for one unit. */
  readonly cpu: number;
  /** Processor time divided by that of the bare library in the same round; median over rounds. */
  readonly ofBare?: number;
}

/** Pure: medians over rounds, ratios within a round. */
export function findings(seen: readonly Seen[]): readonly Finding[] {
  return seen.map((one) => {
    const bare = one.bare
      ? undefined
      : seen.find((other) => other.bare && other.protocol === one.protocol && other.workload === one.workload);
    const latencies = one.rounds.flatMap((round) => round.latencies);
    return {
      workload: one.workload,
      binding: one.protocol,
      subject: one.bare ? 'bare' : 'binding',
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      perSecond: median(one.rounds.map(({ units, seconds }) => units / seconds)),
      wireBytes: one.wire,
      cpu: median(one.rounds.map(({ cpu }) => cpu)),
      ...(bare && { ofBare: ratio(one.rounds, bare.rounds) }),
    };
  });
}

function ratio(rounds: readonly Round[], bare: readonly Round[]): number {
  return median(rounds.flatMap(({ cpu }, at) => (bare[at] ? [cpu / bare[at].cpu] : [])));
}

/** @param share 0.5 for the median; of the sorted values the one at or above that share */
export function quantile(values: Iterable<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: Iterable<number>): number {
  return quantile(values, 0.5);
}
