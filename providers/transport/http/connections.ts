import { readFile, stat } from 'node:fs/promises';
import { Agent as PlainAgent } from 'node:http';
import { Agent } from 'node:https';
import { createSecureContext } from 'node:tls';
import { TransportFault } from '../../../core/ports/index.js';
import type { Address } from './address.js';

/** PEM files. */
export interface TlsFiles {
  readonly ca?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

/** Kept connections: those of calls, of which there are only so many, and those of streams, which hold theirs for long. */
export interface Agents {
  readonly calls: PlainAgent;
  readonly streams: PlainAgent;
}

/** Milliseconds that an idle connection is kept, unless the server says less. */
const idle = 60_000;
/** Milliseconds between looks whether a file has changed. */
const lookEvery = 1000;

/**
 * Keeps connections. Files that change are taken up for new ones; one that is not there yet is waited for by failing
 * clearly.
 */
export class Connections {
  #agents: Agents | undefined;
  /** Under way: calls that come at once wait for the same pair. */
  #looking: Promise<Agents> | undefined;
  #changed = '';
  #looked = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly address: Address,
    private readonly files: TlsFiles,
    private readonly maxConnections: number,
    private readonly now: () => number,
  ) {}

  /** @throws TransportFault naming the file that cannot be used */
  async agents(): Promise<Agents> {
    const now = this.now();
    if (this.#agents && now - this.#looked < lookEvery && now >= this.#looked) return this.#agents;
    if (!this.address.secure) {
      this.#agents ??= this.#pair((limit) => new PlainAgent({ keepAlive: true, timeout: idle, maxSockets: limit }));
      return this.#agents;
    }
    this.#looking ??= this.#upToDate().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  close(): void {
    for (const agent of Object.values(this.#agents ?? {})) (agent as PlainAgent).destroy();
    this.#agents = undefined;
  }

  async #upToDate(): Promise<Agents> {
    const { ca, certificate, key } = this.files;
    const changed = (await Promise.all([ca, certificate, key].map((file) => this.#changedAt(file)))).join();
    this.#looked = this.now();
    if (this.#agents && changed === this.#changed) return this.#agents;
    const secureContext = await this.#context();
    // What is under way over the old ones ends by itself.
    for (const { freeSockets } of Object.values(this.#agents ?? {}) as PlainAgent[]) {
      for (const socket of Object.values(freeSockets).flat()) socket?.destroy();
    }
    this.#changed = changed;
    this.#agents = this.#pair(
      (limit) => new Agent({ keepAlive: true, timeout: idle, maxSockets: limit, secureContext }),
    );
    return this.#agents;
  }

  #pair(make: (limit: number) => PlainAgent): Agents {
    return { calls: make(this.maxConnections), streams: make(Number.POSITIVE_INFINITY) };
  }

  async #context(): Promise<ReturnType<typeof createSecureContext>> {
    const { ca, certificate, key } = this.files;
    const [trusted, shown, secret] = await Promise.all([ca, certificate, key].map((file) => this.#read(file)));
    try {
      return createSecureContext({
        ...(trusted !== undefined && { ca: trusted }),
        ...(shown !== undefined && { cert: shown }),
        ...(secret !== undefined && { key: secret }),
      });
    } catch (cause) {
      const named = [ca, certificate, key].filter((file) => file !== undefined).join(', ');
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new TransportFault('untrusted', `${named} cannot be used for TLS: ${why}`, { cause });
    }
  }

  async #changedAt(file: string | undefined): Promise<number> {
    if (file === undefined) return 0;
    try {
      return (await stat(file)).mtimeMs;
    } catch (cause) {
      throw this.#unreadable(file, cause);
    }
  }

  async #read(file: string | undefined): Promise<string | undefined> {
    if (file === undefined) return undefined;
    try {
      return await readFile(file, 'utf8');
    } catch (cause) {
      throw this.#unreadable(file, cause);
    }
  }

  #unreadable(file: string, cause: unknown): TransportFault {
    const text =
      file === this.files.ca
        ? `the CA file ${file} cannot be read; is the CA of ${this.address.url} there, and is the path right?`
        : `the file ${file} of the client certificate cannot be read; is the path right?`;
    return new TransportFault('untrusted', text, { cause });
  }
}
