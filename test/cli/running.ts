import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** `tutti run` or `tutti dev` in a process of its own. */
export interface RunningProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  /** What it wrote to standard output and standard error so far. */
  output(): string;
  /** Stops it by SIGTERM unless told. @returns its exit status, or the signal that ended it */
  end(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

/** Resolves when the process has written its first line, to standard output unless told. */
export function startProcess(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  first: 'stdout' | 'stderr' = 'stdout',
): Promise<RunningProcess> {
  return launch(words, env).ready(first);
}

/** A process that may not be ready yet. */
export interface StartingProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  /** Resolves with the first line that it writes. @throws Error when it ends before */
  ready(on?: 'stdout' | 'stderr'): Promise<RunningProcess>;
}

export function launch(words: readonly string[], env: Readonly<Record<string, string>> = {}): StartingProcess {
  const child = spawn(process.execPath, ['dist/cli/main.js', ...words], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const early = exit.then(() => {
    throw new Error(`the process ended:\n${output}`);
  });
  early.catch(() => undefined);
  const end = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const [code, by] = await exit;
    return code ?? by;
  };
  const dispose = async (): Promise<void> => void (await end());
  const running: RunningProcess = { child, output: () => output, end, [Symbol.asyncDispose]: dispose };
  return {
    child,
    [Symbol.asyncDispose]: dispose,
    async ready(on = 'stdout') {
      await Promise.race([once(createInterface({ input: child[on] }), 'line'), early]);
      return running;
    },
  };
}
