import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import {
  type Context,
  isSecretName,
  type Lifecycle,
  LinkedAbortController,
  SecretFault,
  type SecretProvider,
  Semaphore,
  type z,
} from 'tutti/plugin';
import { secretIn } from './answer.ts';
import type { config } from './config.ts';

/** Bytes of an answer: the longest secret, with every character of it written as \uXXXX. */
const answerLimit = 512 * 1024;

/** Asks a credential helper for every secret, each time anew, and keeps none. */
export class HelperSecrets implements SecretProvider, Lifecycle {
  readonly #on: Context<z.output<typeof config>, Record<never, never>>;
  readonly #program: string;
  readonly #running: Semaphore;
  readonly #stopped = new AbortController();

  constructor(on: Context<z.output<typeof config>, Record<never, never>>) {
    const { helper, directory, parallel } = on.config;
    this.#on = on;
    const name = `docker-credential-${helper}`;
    this.#program = directory === undefined ? name : join(on.resolvePath(directory), name);
    this.#running = new Semaphore(parallel);
  }

  async get(name: string, caller: AbortSignal = new AbortController().signal): Promise<string> {
    caller.throwIfAborted();
    if (!isSecretName(name)) throw new SecretFault('invalid', 'a name has letters, digits, ".", "_", "-" and "/"');
    const end = new LinkedAbortController(caller, this.#stopped.signal);
    try {
      return await this.#running.run(() => this.#ask(name, end), end.signal);
    } finally {
      end.unlink();
    }
  }

  stop(): void {
    this.#stopped.abort(new SecretFault('unreachable', 'the provider of secrets has stopped'));
  }

  /** @param end of the call: with its caller, the provider, or the time that a helper has */
  async #ask(name: string, end: AbortController): Promise<string> {
    const { config, clock } = this.#on;
    const { signal } = end;
    const over = new AbortController();
    clock.delay(config.timeoutSeconds * 1000, over.signal).then(
      () => end.abort(this.#unreachable(`did not answer within ${config.timeoutSeconds} seconds`)),
      // It answered in time.
      () => undefined,
    );
    try {
      const { code, output } = await this.#run(config.prefix + name, signal);
      return secretIn(this.#program, name, code, output);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SecretFault) throw error;
      throw this.#unreachable(`cannot be run: ${(error as NodeJS.ErrnoException).code ?? 'no reason is known'}`, error);
    } finally {
      over.abort();
    }
  }

  /** The protocol of docker-credential-helpers: `get`, the address on standard input, the answer on standard output. */
  async #run(address: string, signal: AbortSignal): Promise<{ readonly code: number | null; readonly output: Buffer }> {
    signal.throwIfAborted();
    const child = spawn(this.#program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'], signal, killSignal: 'SIGKILL' });
    const pieces: Buffer[] = [];
    let length = 0;
    child.stdout.on('data', (piece: Buffer) => {
      length += piece.byteLength;
      if (length <= answerLimit) pieces.push(piece);
      else child.kill('SIGKILL');
    });
    // A helper that has ended without reading says why by how it ended.
    child.stdin.on('error', () => undefined);
    child.stdin.end(address);
    const [code] = (await once(child, 'close')) as [number | null];
    if (length > answerLimit)
      throw new SecretFault('invalid', `${this.#program} answered more than ${answerLimit} bytes`);
    return { code, output: Buffer.concat(pieces) };
  }

  #unreachable(why: string, cause?: unknown): SecretFault {
    return new SecretFault('unreachable', `${this.#program} ${why}`, { cause });
  }
}
