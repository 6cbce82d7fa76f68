import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
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
  /** Ends it without asking. Resolves when it is gone; it may be gone already. */
  kill(reason: string): Promise<void>;
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
  let end = 'it ended';
  return {
    send: (message) => worker.postMessage(message),
    listen: (receive, ended) => {
      worker.on('message', receive);
      worker.on('error', (error) => {
        end = `it ended: ${wordsOf(error)}`;
      });
      worker.once('exit', (code) => ended(code === 0 || end !== 'it ended' ? end : `it ended with exit code ${code}`));
    },
    kill: async (reason) => {
      end = reason;
      await worker.terminate();
    },
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
  let end: string | undefined;
  const gone = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`it cannot be started: ${error.message}`));
    child.once('exit', (code, signal) =>
      resolve(end ?? (signal ? `it was ended by ${signal}` : `it ended with exit code ${code}`)),
    );
  });
  return {
    send: (message) => sendTo(child, message),
    listen: (receive, ended) => {
      child.on('message', (message) => receive(message as Message));
      void gone.then(ended);
    },
    kill: async (reason) => {
      end = reason;
      child.kill('SIGKILL');
      await gone;
    },
  };
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

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? 'it needs more memory than it may'
    : error.message;
}
