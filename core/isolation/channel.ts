import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { wordsOf } from './errors.js';
import { eachLine } from './lines.js';
import type { Channel, Message } from './message.js';
import { shippedModule } from './shipped.js';

export type IsolationKind = 'thread' | 'process';

export interface LaunchOptions {
  readonly kind: IsolationKind;
  /** Mebibytes of heap. */
  readonly memory: number;
  /** A line that the other side wrote to standard output or standard error. */
  readonly wrote: (line: string) => void;
}

/** A thread or a process on the other side of a channel. */
export interface Isolate extends Channel {
  /** Ends it without asking; it may be gone already. Whoever listens is told at once, and hears nothing of it any more. */
  kill(reason: string): void;
  /** Resolves when nothing of it runs any more. A thread that is in native code ends when that returns, and no sooner. */
  readonly gone: Promise<void>;
}

const program = new URL(shippedModule('core/isolation/isolate'));
const typescript = program.href.endsWith('.ts');

/** Starts the program of an isolate, which waits to be told what it is. */
export function launch(options: LaunchOptions): Isolate {
  return options.kind === 'thread' ? thread(options) : process(options);
}

function thread({ memory, wrote }: LaunchOptions): Isolate {
  const worker = new Worker(typescript ? loading(program) : program, {
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: memory },
  });
  eachLine(worker.stdout, wrote);
  eachLine(worker.stderr, wrote);
  const end = new End();
  const gone = new Promise<void>((resolve) => {
    worker.once('exit', (code) => {
      end.is(code === 0 ? 'it ended' : `it ended with exit code ${code}`);
      resolve();
    });
  });
  const kill = (reason: string): void => {
    end.is(reason);
    void worker.terminate();
  };
  worker.on('error', (error) => end.is(`it ended: ${endOf(error)}`));
  worker.on('messageerror', (error) => kill(`it sent what cannot be read: ${error.message}`));
  return {
    send: (message) => worker.postMessage(message),
    listen: (receive, ended) => {
      worker.on('message', receive);
      end.tell(ended);
    },
    kill,
    gone,
  };
}

function process({ memory, wrote }: LaunchOptions): Isolate {
  const child = fork(fileURLToPath(program), [], {
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [...loader(), `--max-old-space-size=${memory}`],
  });
  if (child.stdout) eachLine(child.stdout, wrote);
  if (child.stderr) eachLine(child.stderr, wrote);
  const end = new End();
  const gone = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      end.is(`it cannot be started: ${error.message}`);
      resolve();
    });
    child.once('exit', (code, signal) => {
      end.is(signal ? `it was ended by ${signal}` : `it ended with exit code ${code}`);
      // What it started may still hold them, and is none of the host's.
      for (const output of [child.stdout, child.stderr]) (output as Socket | null)?.unref();
      resolve();
    });
  });
  return {
    send: (message) => sendTo(child, message),
    listen: (receive, ended) => {
      child.on('message', receive);
      end.tell(ended);
    },
    kill: (reason) => {
      end.is(reason);
      child.kill('SIGKILL');
    },
    gone,
  };
}

/** Why an isolate ended: the first reason counts, and is told once. */
class End {
  #reason: string | undefined;
  #tell: (reason: string) => void = () => undefined;

  is(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#tell(reason);
  }

  tell(ended: (reason: string) => void): void {
    this.#tell = ended;
    if (this.#reason !== undefined) ended(this.#reason);
  }
}

/** A channel that breaks is the end of the process, which is told when it comes. */
function sendTo(child: ChildProcess, message: Message): void {
  if (child.connected) child.send(message, () => undefined);
}

/** A thread takes no loader by an option, as a process does. */
function loading(sources: URL): URL {
  const lines = [
    `import { register } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))};`,
    'register();',
    `await import(${JSON.stringify(sources)});`,
  ];
  return new URL(`data:text/javascript,${encodeURIComponent(lines.join('\n'))}`);
}

/** TypeScript sources need a loader. */
function loader(): string[] {
  return typescript ? ['--import', import.meta.resolve('tsx')] : [];
}

function endOf(error: unknown): string {
  const memory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return memory ? 'it needs more memory than it may' : wordsOf(error);
}
