import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Starts a module of the tests, in TypeScript, as a program of its own: something to be killed. It is given to Node as one text
 * that was joined here, since reading some hundred sources takes seconds at each start. What it complains of goes where this
 * process complains.
 *
 * @param module URL of the module
 */
export function startProgram(module: URL, args: readonly string[]): ChildProcessByStdio<Writable, Readable, null> {
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: [fileURLToPath(module)],
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    // What comes by standard input has no place in the file system.
    define: { 'import.meta.url': JSON.stringify(module.href) },
    write: false,
  });
  const words = ['--input-type=module', '-', ...args];
  // Libraries are found from where a program on standard input works.
  const child = spawn(process.execPath, words, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] });
  // Who is killed before it has read all of it breaks the pipe.
  child.stdin.on('error', () => undefined).end(outputFiles[0]?.contents);
  return child;
}
