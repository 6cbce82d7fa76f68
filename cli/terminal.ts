import type { Readable, Writable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];
type Stream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Where a command reads and writes. Data goes to standard output, everything for people to standard error. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether a person is looking at standard error. */
  readonly interactive: boolean;
  /** Aborts when the person gives up (Ctrl-C). */
  readonly signal: AbortSignal;
  /** Data; a line break is added. */
  out(text: string): void;
  /** A line for a person. */
  note(text: string): void;
  /** The obvious next step, for a person who is looking. */
  next(command: string): void;
  /** What is going on now, on a line that the next one replaces; nowhere unless a person is looking. */
  progress(text: string): void;
  /** Text in a style for standard error, where colours are wanted there (NO_COLOR, no terminal: plain). */
  style(style: Style, text: string): string;
  readInput(): Promise<string>;
}

export interface TerminalParts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly signal: AbortSignal;
}

export function createTerminal({ env, stdin, stdout, stderr, signal }: TerminalParts): Terminal {
  const interactive = stderr.isTTY === true;
  const colours = interactive && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  let progressing = false;
  const clear = (): void => {
    if (progressing) stderr.write('\r\u001b[K');
    progressing = false;
  };
  const style = (as: Style, text: string): string => (colours ? styleText(as, text, { validateStream: false }) : text);
  return {
    env,
    interactive,
    signal,
    style,
    out: (text) => {
      clear();
      stdout.write(text.endsWith('\n') ? text : `${text}\n`);
    },
    note: (text) => {
      clear();
      stderr.write(`${text}\n`);
    },
    next: (command) => {
      clear();
      if (interactive) stderr.write(`${style('dim', 'next:')} ${command}\n`);
    },
    progress: (text) => {
      if (!interactive) return;
      clear();
      stderr.write(style('dim', text.slice(0, (stderr.columns ?? 80) - 1)));
      progressing = true;
    },
    readInput: () => textOf(stdin),
  };
}
