import { exitCodes } from './exit-codes.js';
import type { Terminal } from './terminal.js';

/**
 * Tells a person when the process ends before its command is done, as by a plugin that ends it or by one that waits for
 * what never comes, and makes it a failure: a script must not take it for success.
 *
 * @returns to be called when the command is done
 */
export function tellOfEarlyEnd(terminal: Terminal): () => void {
  // Who has forked this process sees how it ends, and tells it.
  if (process.send !== undefined) return () => undefined;
  const tell = (code: number): void => {
    // Who has made another code of it has told why.
    if (terminal.signal.aborted || (process.exitCode ?? code) !== code) return;
    terminal.note(
      `${terminal.style('red', 'error:')} the process ended before the command was done (exit code ${code})`,
    );
    terminal.note('look for what calls process.exit, or never resolves, in the plugins of the profile');
    if (code === exitCodes.ok) process.exitCode = exitCodes.failed;
  };
  process.on('exit', tell);
  return () => void process.off('exit', tell);
}
