import { CommanderError } from 'commander';
import { exitCodes } from './exit-codes.js';
import { CommandFailure } from './failure.js';
import { createProgram } from './program.js';
import type { Terminal } from './terminal.js';
import { tuttiVersion } from './version.js';

/** As a shell has it for a program that ended by SIGINT. */
const interrupted = 130;

/**
 * Runs one command.
 *
 * @param words without the names of Node and of the program
 * @returns the exit status
 */
export async function runCommandLine(words: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await createProgram(terminal, tuttiVersion()).parseAsync(words, { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    // What commander has to say, it has said.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.invalid;
    if (error instanceof CommandFailure) {
      terminal.note(`${terminal.style('red', 'error:')} ${error.message}`);
      if (error.advice !== undefined) terminal.note(error.advice);
      return error.exitCode;
    }
    if (terminal.signal.aborted) return interrupted;
    throw error;
  }
}
