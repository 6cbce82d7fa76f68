import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canPin, cpuSeconds, pinSelf, type RunningProgram, startProgram } from '../child.js';
import type { BenchOptions } from '../options.js';
import type { Report } from '../report.js';
import { median, quantile } from '../statistics.js';
import { type Device, manifestEtag, onboard, signedPoll } from './device.js';
import { openConnection, runRound } from './load.js';

const devices = 16;
/** Signed anew before each round, for each device; a round longer than they last repeats them. */
const signedAhead = 100;
/** Long enough for the compiler to have seen the hot path some thousand times. */
const warmUpSeconds = 4;
const serverCore = 0;
const loadCore = 1;

/** A server under load. */
interface Subject {
  readonly name: string;
  readonly program: RunningProgram;
  readonly origin: string;
  readonly devices: readonly Device[];
  readonly etag: string;
  readonly ca: string;
}

interface Sample {
  readonly pollsPerSecond: number;
  readonly cpuMicros: number;
  readonly p50: number;
  readonly p99: number;
}

/** Signed polls answered 304 by fleet managers and by a bare server that does the same crypto. */
export async function benchPolls({ rounds, seconds, builds }: BenchOptions): Promise<Report> {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-bench-'));
  const pinned = canPin();
  if (pinned) pinSelf(loadCore);
  const core = pinned ? { core: serverCore } : {};
  const subjects: Subject[] = [];
  try {
    for (const [name, main] of builds) subjects.push(await fleetManager(name, main, join(directory, name), core));
    const [first] = subjects;
    const [firstName] = builds.keys();
    if (!first || firstName === undefined) throw new Error('no build to measure');
    const bare = await bareServer(first, join(directory, firstName), core);
    subjects.push(bare);
    const samples = new Map(subjects.map(({ name }): [string, Sample[]] => [name, []]));
    for (let round = -1; round < rounds; round++) {
      // Every other round the other way around: who comes first differs, and nobody gains by it.
      for (const subject of round % 2 === 0 ? subjects : subjects.toReversed()) {
        const sample = await measure(subject, round < 0 ? warmUpSeconds : seconds);
        if (round >= 0) samples.get(subject.name)?.push(sample);
      }
    }
    return report(samples, bare.name, { rounds, seconds, pinned });
  } finally {
    for (const { program } of subjects) await program.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function fleetManager(name: string, main: string, data: string, core: { core?: number }): Promise<Subject> {
  const env = { TUTTI_DATA: data, TUTTI_HTTP_PORT: '0', TUTTI_ONBOARDING: 'open', NODE_ENV: 'production' };
  const program = await startProgram({ args: [main, 'run', 'config/wfm.yaml'], env, ...core });
  const origin = /https:\S+/.exec(program.ready)?.[0] ?? '';
  const ca = await readFile(join(data, 'pki', 'ca.crt'), 'utf8');
  const onboarded: Device[] = [];
  for (let index = 0; index < devices; index++) onboarded.push(await onboard(origin, ca, `press-${index}`));
  const [device] = onboarded;
  if (!device) throw new Error('no device');
  const etag = await manifestEtag(origin, ca, device);
  return { name, program, origin, ca, devices: onboarded, etag };
}

/** With the certificate, the devices and the manifest of `model`. */
async function bareServer(model: Subject, data: string, core: { core?: number }): Promise<Subject> {
  const pem = (file: string): Promise<string> => readFile(join(data, 'pki', file), 'utf8');
  const keys = Object.fromEntries(
    model.devices.map(({ path, key }) => [
      path,
      key.verificationKey.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    ]),
  );
  const input = JSON.stringify({ cert: await pem('server.crt'), key: await pem('server.key'), etag: model.etag, keys });
  const program = await startProgram({ args: ['bench/polls/bare-server.mjs'], input, ...core });
  const origin = /https:\S+/.exec(program.ready)?.[0] ?? '';
  return { ...model, name: 'bare node:https', program, origin };
}

async function measure({ program, origin, ca, devices: polling, etag }: Subject, seconds: number): Promise<Sample> {
  // Opened for each round: a server may close what was silent while the others had their turn.
  const connections = await Promise.all(
    polling.map(async (device) => {
      const polls = Array.from({ length: signedAhead }, () => signedPoll(origin, device, etag));
      return openConnection(origin, ca, polls);
    }),
  );
  const before = cpuSeconds(program.pid);
  const round = await runRound(connections, seconds);
  const after = cpuSeconds(program.pid);
  for (const { socket } of connections) socket.destroy();
  return {
    pollsPerSecond: round.polls / round.seconds,
    cpuMicros: before === undefined || after === undefined ? Number.NaN : ((after - before) * 1e6) / round.polls,
    p50: quantile(round.latencies, 0.5),
    p99: quantile(round.latencies, 0.99),
  };
}

function report(
  samples: ReadonlyMap<string, readonly Sample[]>,
  bare: string,
  { rounds, seconds, pinned }: { readonly rounds: number; readonly seconds: number; readonly pinned: boolean },
): Report {
  const base = samples.get(bare) ?? [];
  const ratio = (of: readonly Sample[], value: (sample: Sample, bare: Sample) => number): number =>
    median(of.flatMap((sample, round) => (base[round] ? [value(sample, base[round])] : [])));
  const rate = (of: readonly Sample[]): number =>
    ratio(of, (sample, other) => sample.pollsPerSecond / other.pollsPerSecond);
  const cost = (of: readonly Sample[]): number => ratio(of, (sample, other) => other.cpuMicros / sample.cpuMicros);
  return {
    benchmark: 'polls',
    method: [
      `${devices} devices, each polling over its own TLS 1.3 keep-alive connection, one poll under way on each;`,
      'every poll is signed with the device key (P-256, RFC 9421) as the agent signs it, and is answered 304.',
      `${rounds} rounds of ${seconds} s for each server in turn; medians over rounds, ratios of the same round.`,
      `Signed anew before each round, ${signedAhead} a device, and sent again in turn: a repeated GET is verified like a new one.`,
      pinned
        ? `The servers share core ${serverCore}, idle but for the one whose turn it is; the load is made on core ${loadCore}, which never sleeps.`
        : 'Nothing is pinned to a core here (no taskset): the numbers are not those of one core.',
      'On a busy machine trust the processor time: it leaves out what others took of the core.',
      'The bare server builds the base, verifies with a parsed key, compares the ETag, and does nothing else.',
    ],
    table: {
      columns: ['server', 'polls/s', 'of bare', 'CPU us/poll', 'of bare (CPU)', 'p50 ms', 'p99 ms'],
      rows: [...samples].map(([name, of]) => [
        name,
        median(of.map(({ pollsPerSecond }) => pollsPerSecond)),
        rate(of),
        median(of.map(({ cpuMicros }) => cpuMicros)),
        cost(of),
        median(of.map(({ p50 }) => p50)),
        median(of.map(({ p99 }) => p99)),
      ]),
    },
    results: [...samples]
      .filter(([name]) => name !== bare)
      .flatMap(([name, of]) => [
        { name: `${name}: polls/s, of bare`, value: rate(of), goal: '>= 0.8' },
        { name: `${name}: processor time, of bare`, value: cost(of), goal: '>= 0.8' },
      ]),
  };
}
