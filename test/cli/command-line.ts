import { Readable, Writable } from 'node:stream';
import { runCommandLine } from '../../cli/command-line.js';
import { createTerminal } from '../../cli/terminal.js';

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs commands in this process, as the program would; a person who has `seen` enough gives up. */
export function commandLine(env: Readonly<Record<string, string>> = {}) {
  return async (words: readonly string[], input = '', seen?: (out: string) => boolean): Promise<Outcome> => {
    const texts = { out: '', err: '' };
    const person = new AbortController();
    const collect = (name: keyof typeof texts): Writable =>
      new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          texts[name] += chunk.toString('utf8');
          if (seen?.(texts.out)) person.abort(new Error('enough'));
          done();
        },
      });
    const terminal = createTerminal({
      env,
      signal: person.signal,
      stdin: Readable.from([input]),
      stdout: collect('out'),
      stderr: collect('err'),
    });
    return { code: await runCommandLine(words, terminal), ...texts };
  };
}
