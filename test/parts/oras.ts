import { type Finished, type RunOptions, run } from './tools.js';
import { findUnpacked } from './trixie.js';
import { reclaim, workspace } from './workspace.js';

/** The ORAS program: an independent judge of what we push and pull. */
export interface OrasPart {
  run(args: readonly string[], options?: RunOptions): Promise<Finished>;
  stop(): Promise<void>;
}

export async function startOras(): Promise<OrasPart> {
  const program = findUnpacked('usr/bin/oras');
  if (program === undefined) throw new Error('oras is not unpacked');
  const home = workspace('oras');
  return {
    run: (args, options) => run(program, args, { cwd: home, env: { ...process.env, HOME: home }, ...options }),
    stop: () => reclaim(home),
  };
}
