import { Worker } from 'node:worker_threads';

/**
 * Ends this process when the one that started it is gone, whatever this one is busy with: a loop without end would never
 * notice that the channel was closed.
 */
export function endWithHost(): void {
  const watch = new Worker(
    `const { ppid } = process;
     setInterval(() => { if (process.ppid !== ppid) process.kill(process.pid, 'SIGKILL'); }, 1_000);`,
    { eval: true, execArgv: [] },
  );
  watch.unref();
}
