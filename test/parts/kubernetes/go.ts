import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** Runs a command of Debian's Go in the source; hears of each line on standard error. Returns standard output. */
export interface Go {
  (args: readonly string[], line?: () => void): Promise<string>;
  readonly env: NodeJS.ProcessEnv;
}

/** @param work a directory for what it compiles; the source is in `go/src` there */
export function debianGo(work: string, source: string): Go {
  const env = {
    ...process.env,
    GOROOT: '/usr/lib/go',
    GOPATH: join(work, 'go'),
    GOCACHE: join(work, 'cache'),
    GOFLAGS: '',
    // The release is from before modules were the rule, and what it vendors is complete.
    GO111MODULE: 'off',
    GOPROXY: 'off',
    CGO_ENABLED: '0',
  };
  const run = (args: readonly string[], line?: () => void): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = spawn('/usr/lib/go/bin/go', args, { cwd: source, env, stdio: ['ignore', 'pipe', 'pipe'] });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk.toString();
      });
      child.stderr.on('data', (chunk: Buffer) => {
        stderr = `${stderr}${chunk}`.slice(-4_000);
        for (const character of chunk.toString()) if (character === '\n') line?.();
      });
      child.once('error', reject);
      child.once('close', (code) => {
        if (code === 0) resolve(stdout);
        else reject(new Error(`go ${args[0]} of kubernetes ended with ${code}:\n${stderr}`));
      });
    });
  return Object.assign(run, { env });
}
