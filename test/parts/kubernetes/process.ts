import type { Daemon } from '../daemon.js';

/** A process of a cluster, which a test can take away and give back. */
export interface ClusterProcess {
  readonly pid: number;
  /** All that it said since it last started. */
  output(): string;
  /** SIGTERM; waits until it is gone. */
  stop(): Promise<void>;
  /** kill -9; waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again as it was, on the same port and data; resolves when it is ready. */
  start(): Promise<void>;
}

/** Starts a process that can be started again. */
export async function startProcess(start: () => Promise<Daemon>): Promise<ClusterProcess> {
  let daemon = await start();
  return {
    get pid() {
      return daemon.pid;
    },
    output: () => daemon.output(),
    stop: () => daemon.stop(),
    kill: () => daemon.kill(),
    async start() {
      daemon = await start();
    },
  };
}
