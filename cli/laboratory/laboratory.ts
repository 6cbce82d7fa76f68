import { invalid } from '../failure.js';
import type { Caller } from './caller.js';
import { countingProxy } from './counting-proxy.js';
import { type Load, measure, type Round, type Workload, workloads } from './measure.js';
import { type Guest, protocolsWith } from './protocols.js';
import { ServingProcess } from './serving-process.js';
import type { Protocol } from './subject.js';

export interface LaboratoryOptions {
  readonly rounds: number;
  /** Seconds of each workload in each round. */
  readonly seconds: number;
  /** Devices that listen, for the fan-out. */
  readonly devices: number;
  readonly guest?: Guest;
  /** Names of protocols; all unless told. */
  readonly only?: readonly string[];
  readonly program: { readonly file: string; readonly args: readonly string[] };
  readonly progress: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Everything seen of one subject in one workload. */
export interface Seen {
  readonly protocol: string;
  readonly bare: boolean;
  readonly workload: string;
  readonly rounds: readonly Round[];
  /** Bytes on the wire for one unit, both ways, without the opening of connections; NaN where they cannot be counted. */
  readonly wire: number;
}

interface Subject {
  readonly protocol: Protocol;
  readonly process: ServingProcess;
  readonly load: Load;
  readonly callers: readonly Caller[];
}

/**
 * Runs all workloads over all bindings and the bare libraries beside them, interleaved: in every round each subject has
 * its turn, every other round in reverse, so that nobody gains by a machine that changes its speed.
 */
export async function runLaboratory(options: LaboratoryOptions): Promise<readonly Seen[]> {
  const all = await protocolsWith(options.guest);
  const unknown = options.only?.find((name) => !all.some((protocol) => protocol.name === name));
  if (unknown !== undefined) {
    throw invalid(`there is no binding "${unknown}" here`, `there are: ${all.map(({ name }) => name).join(', ')}`);
  }
  const protocols = all.filter(({ name }) => options.only?.includes(name) ?? true);
  const subjects: Subject[] = [];
  try {
    for (const protocol of protocols) {
      subjects.push(await start(protocol, false, options));
      if (protocol.bare) subjects.push(await start(protocol, true, options));
    }
    const seen: Seen[] = [];
    for (const workload of workloads) seen.push(...(await interleaved(workload, subjects, options)));
    return seen;
  } finally {
    for (const { callers, process } of subjects) {
      for (const caller of callers) await caller.close();
      await process.stop();
    }
  }
}

async function start(protocol: Protocol, bare: boolean, options: LaboratoryOptions): Promise<Subject> {
  const { guest, program, devices, progress } = options;
  progress(`${protocol.name}${bare ? ', bare' : ''}: starting`);
  const process = await ServingProcess.start({ protocol: protocol.name, bare, ...(guest && { guest }) }, program);
  const callers: Caller[] = [];
  for (let each = 0; each <= devices; each++) callers.push(await protocol.caller(process.address));
  const [caller, ...listeners] = callers;
  if (!caller) throw new Error('nobody calls');
  const load: Load = { caller, listeners, publish: (n) => process.publish(n), cpu: () => process.cpu() };
  return { protocol, process, load, callers };
}

async function interleaved(
  workload: Workload,
  subjects: readonly Subject[],
  { rounds, seconds, progress, signal }: LaboratoryOptions,
): Promise<readonly Seen[]> {
  const samples = new Map(subjects.map((subject): [Subject, Round[]] => [subject, []]));
  // One round before the first, for the compiler to have seen the hot paths.
  for (let round = -1; round < rounds; round++) {
    for (const subject of round % 2 === 0 ? subjects : subjects.toReversed()) {
      signal.throwIfAborted();
      const { protocol, process } = subject;
      const turn = round < 0 ? 'warming up' : `round ${round + 1} of ${rounds}`;
      progress(`${workload.name}, ${protocol.name}${process.subject.bare ? ', bare' : ''}: ${turn}`);
      const seen = await measure(workload, subject.load, seconds);
      if (round >= 0) samples.get(subject)?.push(seen);
    }
  }
  const seen: Seen[] = [];
  for (const [subject, taken] of samples) {
    const { name } = subject.protocol;
    const wire = await bytesOf(workload, subject);
    seen.push({ protocol: name, bare: subject.process.subject.bare, workload: workload.name, rounds: taken, wire });
  }
  return seen;
}

const counted = 20;

/** Apart from the time, for counting takes some: what goes over the wire for some units, divided by their number. */
async function bytesOf(workload: Workload, { protocol, process, load }: Subject): Promise<number> {
  if (!/^\w+:\/\/127\.0\.0\.1:\d+/.test(process.address)) return Number.NaN;
  const proxy = await countingProxy(process.address);
  const callers = await Promise.all([protocol.caller(proxy.address), protocol.caller(proxy.address)]);
  const [caller, listener] = callers;
  try {
    const { unit, end } = await workload.prepare({ ...load, caller, listeners: [listener] });
    await unit(-1);
    const before = proxy.bytes();
    for (let n = 0; n < counted; n++) await unit(-2 - n);
    const bytes = (proxy.bytes() - before) / counted;
    end();
    return bytes;
  } finally {
    for (const each of callers) await each.close();
    await proxy.stop();
  }
}
