import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { literal } from './literal.js';

export interface Place {
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
}

/** All that a process says on both streams, and a way to wait for a part of it. */
class Transcript {
  text = '';
  readonly #waiting = new Set<() => void>();
  /** Both of its streams are at their end: every process that had them is gone. */
  readonly over: Promise<void>;

  constructor(child: ChildProcess & { readonly stdout: Readable; readonly stderr: Readable }) {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (part: string) => {
        this.text += part;
        for (const look of this.#waiting) look();
      });
    }
    this.over = once(child, 'close').then(() => undefined);
  }

  /** @throws with all that was said when the process ends without saying it */
  async until(what: string | RegExp, from = 0): Promise<void> {
    const said = (): boolean =>
      this.text.slice(from).search(typeof what === 'string' ? new RegExp(literal(what)) : what) >= 0;
    let look = (): void => undefined;
    const heard = new Promise<void>((resolve) => {
      look = () => (said() ? resolve() : undefined);
      this.#waiting.add(look);
      look();
    });
    await Promise.race([heard, this.over]);
    this.#waiting.delete(look);
    if (!said()) throw new Error(`it ended without "${String(what)}"; it said:\n${this.text.slice(from)}`);
  }
}

/** A group of processes of their own, so that whoever is between us and a host cannot keep a signal from it. */
function inBash({ directory, env }: Place, args: readonly string[]) {
  const child = spawn('bash', ['--norc', '--noprofile', ...args], {
    cwd: directory,
    env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  return { child, transcript: new Transcript(child) };
}

async function end(child: ChildProcess, transcript: Transcript): Promise<void> {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
  } catch (error) {
    // All of the group are gone by themselves.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  await transcript.over;
}

/** Marks of ours in what a shell says: what follows is for this test, not for the reader of the page. */
const mark = '\u001e';
const prologue = `
set -eEm -o pipefail
exec 2>&1
trap 'printf "${mark}line %s: %s${mark}\\n" "$LINENO" "$BASH_COMMAND"' ERR
`;
const sayEnd = `printf '${mark}end %s${mark}\\n' "$?"`;

/** A terminal: scripts run one after the other in the same shell, so that variables and functions stay. */
export class Terminal {
  readonly #child: ChildProcess & { readonly stdin: NodeJS.WritableStream };
  readonly #transcript: Transcript;

  constructor(place: Place) {
    const { child, transcript } = inBash(place, []);
    this.#child = child;
    this.#transcript = transcript;
    child.stdin.write(prologue);
  }

  /**
   * Runs a file of commands; the first that fails ends it.
   *
   * @param exit the status that it is to end with
   * @returns what it put out
   * @throws Error that says which line failed, with the output
   */
  async run(file: string, exit: number): Promise<string> {
    const command = exit === 0 ? `source ${file} </dev/null` : `set +e; (set -e; source ${file} </dev/null)`;
    const { output, status, failed } = await this.#say(`${command}; ${sayEnd}; set -e\n`);
    if (status !== exit) {
      throw new Error(
        `ended with ${status ?? 'its shell'}, not ${exit}${failed ? `, at its ${failed}` : ''}\n${output}`,
      );
    }
    return output;
  }

  /** Runs a file until it has put something out, then stops it. */
  async runUntil(file: string, text: string): Promise<string> {
    const from = this.#transcript.text.length;
    this.#child.stdin.write(`{ source ${file} </dev/null; printf '${mark}over${mark}'; } & job=$!\n`);
    await this.#transcript.until(new RegExp(`${literal(text)}|${mark}over`), from);
    const said = this.#transcript.text.slice(from);
    if (!said.includes(text)) throw new Error(`ended without "${text}"\n${unmarked(said)}`);
    await this.#say(`{ kill -- -$job; wait $job; } 2>/dev/null || true; ${sayEnd}\n`);
    return unmarked(said);
  }

  async #say(line: string): Promise<{ output: string; status: number | undefined; failed: string | undefined }> {
    const from = this.#transcript.text.length;
    const ended = new RegExp(`${mark}end (\\d+)${mark}`);
    this.#child.stdin.write(line);
    await this.#transcript.until(ended, from).catch(() => undefined);
    const said = this.#transcript.text.slice(from);
    const status = ended.exec(said)?.[1];
    const failed = new RegExp(`${mark}(line [^${mark}]*)${mark}`).exec(said)?.[1];
    return { output: unmarked(said), status: status === undefined ? undefined : Number(status), failed };
  }

  async close(): Promise<void> {
    await end(this.#child, this.#transcript);
  }
}

function unmarked(text: string): string {
  return text.replace(new RegExp(`${mark}[^${mark}]*${mark}\\n?`, 'g'), '');
}

/** Something that serves until it is stopped, in a terminal of its own. */
export interface Serving {
  /** Resolves once it has put out `text`, after what it had put out when it was last asked. */
  said(text: string): Promise<void>;
  /** As Ctrl-C does; resolves when all of its processes are gone. */
  stop(): Promise<void>;
}

/** @returns once it has put out `text` */
export async function serve(place: Place, file: string, text: string): Promise<Serving> {
  const { child, transcript } = inBash(place, ['-e', file]);
  child.stdin.end();
  await transcript.until(text);
  let heard = transcript.text.indexOf(text) + text.length;
  return {
    said: async (next) => {
      await transcript.until(next, heard);
      heard = transcript.text.indexOf(next, heard) + next.length;
    },
    stop: () => end(child, transcript),
  };
}
