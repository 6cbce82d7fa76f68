import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import type { Readable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { CrashRecipe } from './kit-subject.js';

/**
 * Starts a program of a kit that makes a provider and is killed over it.
 *
 * @param beside URL of the module that starts it: the program stands beside it, in the same language, which is TypeScript
 *   in the sources and JavaScript in the package
 * @param task as JSON, its only argument
 */
export function startToKill(
  beside: string,
  program: 'crash-writer' | 'crash-agent',
  task: CrashRecipe,
): ChildProcessByStdio<null, Readable, Readable> {
  const isSource = beside.endsWith('.ts');
  const file = fileURLToPath(new URL(`${program}.${isSource ? 'ts' : 'js'}`, beside));
  // What node needs to read the program, where this process may read TypeScript by other means than options.
  const typescript = (): string[] => ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href];
  const execArgv = task.execArgv ?? (isSource ? typescript() : process.execArgv);
  return spawn(process.execPath, [...execArgv, file, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'pipe'] });
}
