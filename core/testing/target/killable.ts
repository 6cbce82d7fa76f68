import { once } from 'node:events';
import { startToKill } from '../crash-process.js';
import type { AgentTask } from './crash-agent.js';
import type { KillableApply } from './platform.js';

/** An agent of its own over the same data. What it complains of goes where this process complains. */
export function killableApply(task: AgentTask): KillableApply {
  const child = startToKill(import.meta.url, 'crash-agent', task);
  child.stderr.pipe(process.stderr, { end: false });
  const ended = once(child, 'exit').then(() => undefined);
  // Its first line says that it is about to apply.
  const begun = Promise.race([once(child.stdout, 'data'), ended]).then(() => void child.stdout.resume());
  return {
    begun,
    ended,
    kill: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}
