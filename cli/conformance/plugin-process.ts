import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { KitOptions } from '../../core/testing/index.js';
import { exitCodes } from '../exit-codes.js';
import { CommandFailure, failed, invalid } from '../failure.js';
import type { CaseResult, PlannedCase, Reply, Request } from './protocol.js';

/** Milliseconds without a sign of life until a process counts as busy for ever. */
const silence = 60_000;

/** The program that has `tryHere` behind its arguments. */
export interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

/** The process of the plugin is gone, or as good as gone. The message says how, for a person. */
export class ProcessLost extends Error {
  override readonly name = 'ProcessLost';
}

/** A process of its own for a plugin under test: what it does to its process, it does not do to the command. */
export class PluginProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #broke: string | undefined;
  #beat: () => void = () => undefined;
  #waiting: ((reply: Reply) => void) | undefined;
  #lost: (error: ProcessLost) => void = () => undefined;
  #watchdog: NodeJS.Timeout | undefined;

  constructor(
    program: Program,
    /** Milliseconds without a sign of life that are too many while a case is tried. */
    private readonly busy: number = silence,
  ) {
    // What a plugin prints is for people, as is all that goes to standard error.
    this.#child = fork(program.file, [...program.args], { stdio: ['ignore', 2, 2, 'ipc'] });
    this.#exited = once(this.#child, 'exit');
    this.#child.on('message', (reply: Reply) => this.#heard(reply));
    this.#child.once('exit', (code, signal) => {
      const how = signal === null ? `it has ended its process with exit code ${code}` : `its process died of ${signal}`;
      this.#lost(new ProcessLost(this.#broke === undefined ? how : `${how}: ${this.#broke}`));
    });
  }

  /** @throws CommandFailure when there is nothing to try */
  async load(path: string): Promise<readonly PlannedCase[]> {
    const reply = await this.#ask({ kind: 'load', path }, silence).catch((error: unknown) => {
      if (error instanceof ProcessLost) throw failed(`${path} cannot be loaded: ${error.message}`);
      throw error;
    });
    if (reply.kind === 'loaded') return reply.cases;
    if (reply.kind === 'refused') throw new CommandFailure(exitCodes.invalid, reply.message, reply.advice);
    throw invalid(`${path} cannot be loaded: the answer was ${reply.kind}`);
  }

  /** @throws ProcessLost */
  async run(at: number, options: KitOptions): Promise<CaseResult> {
    const reply = await this.#ask({ kind: 'run', at, options }, this.busy);
    if (reply.kind === 'done') return reply.result;
    throw new ProcessLost(`its process answered ${reply.kind}`);
  }

  /** Ends it at once: what it has left open goes with it. */
  async end(): Promise<void> {
    clearTimeout(this.#watchdog);
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  async #ask(request: Request, patience: number): Promise<Reply> {
    const answered = new Promise<Reply>((resolve, reject) => {
      this.#waiting = resolve;
      this.#lost = reject;
    });
    this.#beat = () => this.#watch(patience);
    this.#beat();
    this.#child.send(request, (error) => {
      if (error) this.#lost(new ProcessLost(`its process does not listen: ${error.message}`));
    });
    try {
      return await answered;
    } finally {
      this.#waiting = undefined;
      this.#beat = () => undefined;
      this.#lost = () => undefined;
      clearTimeout(this.#watchdog);
    }
  }

  #heard(reply: Reply): void {
    if (reply.kind === 'broke') this.#broke = reply.message;
    else if (reply.kind === 'beat') this.#beat();
    else this.#waiting?.(reply);
  }

  #watch(patience: number): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => {
      this.#lost(new ProcessLost(`its process was busy for ${patience} ms and let nothing else happen`));
    }, patience);
  }
}
