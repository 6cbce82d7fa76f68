import { writeSync } from 'node:fs';
import { within } from '../work/within.js';

/** Milliseconds that a step in a plugin's code may take unless told. */
export const defaultLimit = 10_000;

/** A step in a plugin's code took too long. */
export class Overdue extends Error {
  override readonly name = 'Overdue';
}

/**
 * Does a step in code that is a stranger's, which may never be done. Where the process is ended meanwhile, it says on
 * standard error during which step, and never ends as if all were well.
 *
 * @param step what is done, for a person: `importing "./press"`
 * @param limit milliseconds
 * @throws Overdue when it takes longer; it goes on, since nothing can stop it
 */
export async function bounded<T>(step: string, limit: number, work: () => Promise<T>): Promise<T> {
  const ended = (code: number): void => {
    // At once: nothing that is written later gets out any more.
    writeSync(2, `error: the process was ended, with exit code ${code}, while ${step}; a plugin must not end it\n`);
    if (code === 0) process.exitCode = 1;
  };
  process.prependListener('exit', ended);
  try {
    return await within(limit, work, () => new Overdue(`${step} took longer than ${limit} ms`));
  } finally {
    process.off('exit', ended);
  }
}
