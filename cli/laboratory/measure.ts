import type { Caller } from './caller.js';
import { streamLength } from './operations.js';

/** What was seen in one round of one workload. */
export interface Round {
  readonly units: number;
  readonly seconds: number;
  /** Milliseconds, one for each unit. */
  readonly latencies: readonly number[];
  /** Microseconds of processor time that the serving process spent on a unit. */
  readonly cpu: number;
}

export interface Load {
  readonly caller: Caller;
  /** One for each device that listens. */
  readonly listeners: readonly Caller[];
  /** Has the subject publish an event. */
  readonly publish: (n: number) => void;
  /** Microseconds of processor time of the serving process so far. */
  readonly cpu: () => Promise<number>;
}

/** A workload: what is done over and over, and how much of it at the same time. */
export interface Workload {
  readonly name: string;
  readonly about: string;
  readonly parallel: number;
  /** Makes what one unit needs, outside of the measurement. */
  readonly prepare: (load: Load) => Promise<{ readonly unit: (n: number) => Promise<void>; readonly end: () => void }>;
}

const nothing = (): void => undefined;

export const workloads: readonly Workload[] = [
  {
    name: 'small',
    about: 'a small request and its answer, 8 at a time',
    parallel: 8,
    prepare: async ({ caller }) => ({ unit: (n) => caller.small(n), end: nothing }),
  },
  {
    name: 'page',
    about: 'a representation of 64 KiB, 4 at a time',
    parallel: 4,
    prepare: async ({ caller }) => ({
      unit: async () => {
        const bytes = await caller.page();
        if (bytes !== 64 * 1024) throw new Error(`a page of ${bytes} bytes`);
      },
      end: nothing,
    }),
  },
  {
    name: 'poll',
    about: 'a conditional request for what has not changed, 8 at a time',
    parallel: 8,
    prepare: async ({ caller }) => ({ unit: () => caller.poll(), end: nothing }),
  },
  {
    name: 'stream',
    about: `a stream of ${streamLength} events, read to its end`,
    parallel: 1,
    prepare: async ({ caller }) => ({
      unit: async () => {
        const events = await caller.stream();
        if (events !== streamLength) throw new Error(`a stream of ${events} events`);
      },
      end: nothing,
    }),
  },
  {
    name: 'fan-out',
    about: 'one event until the last of the devices that listen has it',
    parallel: 1,
    prepare: fanOut,
  },
];

async function fanOut({ listeners, publish }: Load): ReturnType<Workload['prepare']> {
  let waiting = 0;
  let awaited = -1;
  let all: () => void = nothing;
  const heard = (n: number): void => {
    if (n === awaited && --waiting === 0) all();
  };
  const ends = await Promise.all(listeners.map((listener) => listener.listen(heard)));
  return {
    unit: (n) =>
      new Promise((resolve) => {
        waiting = listeners.length;
        awaited = n;
        all = resolve;
        publish(n);
      }),
    end: () => {
      for (const end of ends) end();
    },
  };
}

/** Does units of a workload for some time. */
export async function measure(workload: Workload, load: Load, seconds: number): Promise<Round> {
  const { unit, end } = await workload.prepare(load);
  try {
    const latencies: number[] = [];
    const cpuBefore = await load.cpu();
    const began = performance.now();
    const until = began + seconds * 1000;
    let n = 0;
    const one = async (): Promise<void> => {
      do {
        const sent = performance.now();
        await unit(++n);
        latencies.push(performance.now() - sent);
      } while (performance.now() < until);
    };
    await Promise.all(Array.from({ length: workload.parallel }, one));
    const took = (performance.now() - began) / 1000;
    const cpu = ((await load.cpu()) - cpuBefore) / latencies.length;
    return { units: latencies.length, seconds: took, latencies, cpu };
  } finally {
    end();
  }
}
