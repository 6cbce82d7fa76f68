import { once } from 'node:events';
import type { KillableApply } from '../../core/testing/target/index.js';
import { startProgram } from '../program.js';

/**
 * An agent that applies in a process of its own.
 * @param module URL of the program, which says what its arguments are; its first line says that it is about to apply
 */
export function killableAgent(module: URL, args: readonly string[]): KillableApply {
  const child = startProgram(module, args);
  const ended = once(child, 'exit').then(() => undefined);
  const begun = Promise.race([once(child.stdout, 'data'), ended])
    .then(() => child.stdout.resume())
    .then(() => undefined);
  return {
    begun,
    ended,
    kill: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}
