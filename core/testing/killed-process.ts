import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { CrashRecipe } from './kit-subject.js';
import { KitFailure } from './trial.js';

/** A program of a kit. It stands beside its caller, in the same language: TypeScript in the sources, JavaScript in the package. */
export function programBeside(caller: string, name: string): string {
  return fileURLToPath(new URL(`${name}.${isSource(caller) ? 'ts' : 'js'}`, caller));
}

const isSource = (file: string): boolean => file.endsWith('.ts');

/** What node needs to read a program, where this process may read TypeScript by other means than options. */
const usualArgv = (program: string): readonly string[] =>
  isSource(program)
    ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href]
    : process.execArgv;

/**
 * Runs a program in a process of its own, and kills it without warning as soon as it has reported enough. It is given its
 * task as JSON, and reports by lines of JSON. Everything counts that it said before it died.
 *
 * @param heard told of each report; true when that was enough
 * @throws KitFailure when it ends by itself
 */
export async function runUntilKilled<R>(
  program: string,
  task: CrashRecipe,
  heard: (report: R) => boolean,
): Promise<void> {
  const execArgv = task.execArgv ?? usualArgv(program);
  const child = spawn(process.execPath, [...execArgv, program, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
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
