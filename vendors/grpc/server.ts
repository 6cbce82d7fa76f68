import { setMaxListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import { logVerbosity, Server, setLogVerbosity } from '@grpc/grpc-js';
import type { HostStatus } from '../../core/host/status.js';
import { serverTls } from '../../core/listening/index.js';
import type { Binding, BindingContext, OptionalRef } from '../../core/plugin/index.js';
import type { GrpcConfig } from './config.js';
import { addHealth } from './health.js';
import { Listener } from './listener.js';
import { numbersFor } from './numbers.js';
import { addReflection } from './reflection.js';
import { addOperations } from './service.js';
import { describe, type ProtoFile } from './wire/index.js';

type Context = BindingContext<GrpcConfig, { readonly host: OptionalRef<HostStatus> }>;

/** gRPC over TLS 1.3 unless told otherwise. */
export class GrpcBinding implements Binding {
  readonly #stopped = new AbortController();
  readonly #draining = new AbortController();
  readonly #over = new AbortController();
  /** Without numbers. */
  readonly #file: ProtoFile;
  #listener: Listener | undefined;
  #server: Server | undefined;
  #address: string | undefined;

  /** @throws Error when two of the operations would be the same method */
  constructor(private readonly on: Context) {
    this.#file = describe(on.surface.operations);
  }

  addresses(): readonly string[] {
    return this.#address === undefined ? [] : [this.#address];
  }

  async start(signal: AbortSignal): Promise<void> {
    // As many listeners as there are calls under way.
    setMaxListeners(0, this.#draining.signal, this.#over.signal);
    const { config, surface, log, uses } = this.on;
    const file = numbersFor(this.#file, await this.#ownNumbers(), log);
    // It would write fields that it cannot read to standard error, tokens among them.
    setLogVerbosity(logVerbosity.NONE);
    const server = new Server(optionsOf(this.on));
    const ending = { draining: this.#draining.signal, over: this.#over.signal };
    addOperations(server, {
      surface,
      file,
      log,
      scheme: config.tls === 'off' ? 'http' : 'https',
      mutual: config.clientCa !== undefined,
      bodyLimit: config.bodyLimit,
      maxStreams: config.maxStreams,
      ending,
    });
    addHealth(
      server,
      uses.host,
      file.services.map(({ name }) => name),
      ending.draining,
    );
    if (config.reflection) addReflection(server, file, ending.draining);
    const givenUp = AbortSignal.any([signal, this.#stopped.signal]);
    const { clientCertificate } = config;
    const tls =
      config.tls === 'off' ? undefined : await serverTls(this.on, { clientCertificate, stopped: this.#stopped.signal });
    givenUp.throwIfAborted();
    this.#server = server;
    this.#listener = new Listener(server);
    const address = await this.#listener.open(config, tls);
    if (givenUp.aborted) {
      await this.stop();
      givenUp.throwIfAborted();
    }
    this.#address = address;
  }

  /** Takes no more connections and calls, ends streams, and waits for the calls under way. */
  async drain(signal: AbortSignal): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#draining.abort();
    signal.addEventListener('abort', () => this.#cut(), { once: true });
    const closed = this.#listener?.close();
    await new Promise<void>((resolve) => {
      server.tryShutdown(() => resolve());
    });
    await closed;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#cut();
    await this.#listener?.close();
  }

  /** Calls hear of it at once, before their connections have closed. */
  #cut(): void {
    this.#draining.abort();
    this.#over.abort();
    this.#server?.forceShutdown();
    this.#listener?.cut();
  }

  async #ownNumbers(): Promise<{ readonly text: string; readonly from: string } | undefined> {
    const { config, resolvePath } = this.on;
    if (config.numbers === undefined) return undefined;
    const from = resolvePath(config.numbers);
    try {
      return { text: await readFile(from, 'utf8'), from };
    } catch (cause) {
      throw new Error(`${from} cannot be read; "tutti proto --lock ${config.numbers}" makes it`, { cause });
    }
  }
}

/** Room for what stands in a message beside the content that operations bound. */
const overhead = 64 * 1024;

function optionsOf({ config, surface }: Context): ConstructorParameters<typeof Server>[0] {
  const limits = surface.operations.map(({ operation }) => operation.bodyLimit ?? config.bodyLimit);
  return {
    'grpc.max_receive_message_length': Math.max(config.bodyLimit, ...limits) + overhead,
    'grpc.max_concurrent_streams': config.maxConcurrentStreams,
    'grpc.max_connection_idle_ms': config.idleTimeout * 1000,
    'grpc.keepalive_time_ms': config.keepaliveInterval * 1000,
    'grpc.keepalive_timeout_ms': config.keepaliveTimeout * 1000,
    'grpc.enable_channelz': 0,
  };
}
