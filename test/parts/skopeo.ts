import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Finished, type RunOptions, run, tool } from './tools.js';
import { reclaim, workspace } from './workspace.js';

/** The skopeo program: an independent reader of what we push. */
export interface SkopeoPart {
  run(args: readonly string[], options?: RunOptions): Promise<Finished>;
  stop(): Promise<void>;
}

export async function startSkopeo(): Promise<SkopeoPart> {
  const home = workspace('skopeo');
  const policy = join(home, 'policy.json');
  writeFileSync(policy, JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }));
  return {
    run: (args, options) =>
      run(tool('skopeo'), ['--policy', policy, '--tmpdir', home, ...args], {
        cwd: home,
        env: { ...process.env, HOME: home, XDG_RUNTIME_DIR: home },
        ...options,
      }),
    stop: () => reclaim(home),
  };
}
