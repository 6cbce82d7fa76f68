import { readText } from '../../core/files/index.js';
import type { Binding, BindingContext, Health, OptionalRef } from '../../core/plugin/index.js';
import type { Broker } from '../../core/ports/index.js';
import { Calls } from './calls.js';
import type { MqttConfig } from './config.js';
import { Line } from './line.js';
import { type Connection, dialler, hostFilters, opener } from './wire/index.js';

type Context = BindingContext<MqttConfig, { broker: OptionalRef<Broker> }>;

/** Operations over MQTT 5 or 3.1.1, by a broker of its own URL or by one inside this host. */
export class MqttBinding implements Binding {
  readonly #line: Line;
  readonly #calls: Calls;
  readonly #broker: Broker | undefined;
  readonly #dial: ReturnType<typeof dialler>;
  #started = false;

  constructor(private readonly on: Context) {
    const { config, surface, log, clock, uses } = on;
    this.#broker = uses.broker;
    if (config.url === undefined && !uses.broker) {
      throw new Error('needs a broker: its url, or an entry of type broker.* under providers');
    }
    if (config.url !== undefined && uses.broker) {
      throw new Error(
        'has a url, and its profile has a broker of its own: only either can be used; remove one of them',
      );
    }
    if (uses.broker && uses.broker.root !== config.root) {
      throw new Error(
        `has the root "${config.root}", and the broker of its profile "${uses.broker.root}": nobody could call it; give both the same`,
      );
    }
    this.#dial = dialler(this.#broker ? '3.1.1' : config.protocol);
    this.#line = new Line({ address: this.#address, dial: (signal) => this.#connect(signal), clock, log });
    this.#calls = new Calls({
      surface,
      log,
      clock,
      root: config.root,
      bodyLimit: config.bodyLimit,
      maxCalls: config.maxCalls,
      maxStreams: config.maxStreams,
      streamIdleTimeout: config.streamIdleTimeout * 1000,
      proven: (name) => this.#proven(name),
      publish: (message) => this.#line.publish(message),
    });
  }

  addresses(): readonly string[] {
    if (!this.#started) return [];
    return this.#broker ? this.#broker.addresses() : [this.#address];
  }

  health(): Health {
    return this.#line.health;
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#line.start(signal);
    this.#started = true;
  }

  async drain(signal: AbortSignal): Promise<void> {
    await this.#calls.drain(signal);
    await this.#line.finish(signal);
  }

  /** Callers whose calls end with it are told so: over a broker they would not notice. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#started = false;
    await this.#line.finish(signal, this.#calls.stop());
  }

  get #address(): string {
    return this.on.config.url ?? 'the broker of this host';
  }

  async #connect(signal: AbortSignal): Promise<Connection> {
    const { config, resolvePath } = this.on;
    const { url, root, passwordFile } = config;
    const resolved = (path: string | undefined): string | undefined =>
      path === undefined ? undefined : resolvePath(path);
    const broker = this.#broker;
    const open = broker
      ? () => broker.connect()
      : await opener({
          url: url ?? '',
          ca: resolved(config.ca),
          certificate: resolved(config.certificate),
          key: resolved(config.key),
        });
    const connection = await this.#dial({
      address: this.#address,
      open,
      clientId: config.clientId ?? `${root}-host`,
      username: config.username,
      password: passwordFile === undefined ? undefined : await readText(resolvePath(passwordFile)),
      keepSession: config.sessionExpiry,
      onMessage: (message) => this.#calls.receive(message),
      signal,
    });
    try {
      // Also where the broker kept the session: it may be one of another root.
      await connection.subscribe(hostFilters(root));
    } catch (error) {
      connection.destroy();
      throw error;
    }
    return connection;
  }

  #proven(name: string): { readonly clientCertificate?: Uint8Array; readonly clientName?: string } {
    const clientCertificate = this.#broker?.certificateOf(name);
    return {
      ...(clientCertificate && { clientCertificate }),
      ...(this.on.config.names === 'certificates' && { clientName: name }),
    };
  }
}
