import { Readable, Writable } from 'node:stream';
import { runCommandLine } from '../command-line.js';
import { createTerminal } from '../terminal.js';

export interface CommandOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/**
 * Runs a `tutti` command as a person would, in this process.
 *
 * @returns what it wrote to standard output
 * @throws Error with what it said, when it did not succeed
 */
export async function tutti(words: readonly string[], { env, signal }: CommandOptions): Promise<string> {
  const stdout = collector();
  const stderr = collector();
  const terminal = createTerminal({
    env,
    signal,
    stdin: Readable.from([]),
    stdout: stdout.stream,
    stderr: stderr.stream,
  });
  const code = await runCommandLine(words, terminal);
  if (code === 0) return stdout.text().trim();
  signal.throwIfAborted();
  throw new Error(`tutti ${words.join(' ')} (exit code ${code})\n${stderr.text().trim()}`);
}

function collector(): { readonly stream: Writable; readonly text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') };
}
