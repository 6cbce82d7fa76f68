import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { CrashRecipe } from './kit-subject.js';
import { KitFailure } from './trial.js';

/**
 * Starts a program of a kit that makes a provider and is killed over it.
 *
 * @param beside URL of the module that starts it: the program stands beside it, in the same language, which is TypeScript
 *   in the sources and JavaScript in the package
 * @param program its name, without an ending
 * @param task as JSON, its only argument
 */
export function startToKill(
  beside: string,
  program: string,
  task: CrashRecipe,
): ChildProcessByStdio<null, Readable, Readable> {
  const isSource = beside.endsWith('.ts');
  const file = fileURLToPath(new URL(`${program}.${isSource ? 'ts' : 'js'}`, beside));
  // What node needs to read the program, where this process may read TypeScript by other means than options.
  const typescript = (): string[] => ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href];
  const execArgv = task.execArgv ?? (isSource ? typescript() : process.execArgv);
  return spawn(process.execPath, [...execArgv, file, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'pipe'] });
}

/**
 * Runs a program as {@link startToKill} does, and kills it without warning as soon as it has reported enough, by lines of
 * JSON. Everything counts that it said before it died.
 *
 * @param heard told of each report; true when that was enough
 * @throws KitFailure when it ends by itself
 */
export async function runUntilKilled<R>(
  beside: string,
  program: string,
  task: CrashRecipe,
  heard: (report: R) => boolean,
): Promise<void> {
  const child = startToKill(beside, program, task);
  const closed = once(child, 'close') as Promise<[code: number | null, signal: string | null]>;
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      // The last line may have been cut by the kill.
      if (line.endsWith('}') && heard(JSON.parse(line) as R)) child.kill('SIGKILL');
    }
  } finally {
    child.kill('SIGKILL');
  }
  const [code, signal] = await closed;
  if (signal === 'SIGKILL') return;
  throw new KitFailure('the process of the kit', 'to work until it is killed', `exit ${code}: ${complaint}`);
}
