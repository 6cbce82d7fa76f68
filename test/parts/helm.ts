import { helm } from './helm-build.js';
import { type Finished, type RunOptions, run } from './tools.js';
import { reclaim, workspace } from './workspace.js';

/** The Helm program. */
export interface HelmPart {
  /** Path of the program. */
  readonly program: string;
  /** Runs it with settings of its own; the cluster is told by `--kubeconfig`. */
  run(args: readonly string[], options?: RunOptions): Promise<Finished>;
  stop(): Promise<void>;
}

export async function startHelm(): Promise<HelmPart> {
  const program = helm.path('helm');
  const home = workspace('helm');
  return {
    program,
    run: (args, options) => run(program, args, { cwd: home, env: { ...process.env, HOME: home }, ...options }),
    stop: () => reclaim(home),
  };
}
