import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createSecureContext } from 'node:tls';
import {
  type ChannelCredentials,
  Client,
  type ClientOptions,
  credentials,
  logVerbosity,
  setLogVerbosity,
} from '@grpc/grpc-js';
import { watchDirectories } from '../../../core/identity/index.js';
import { TransportFault } from '../../../core/ports/transport.js';

export interface ChannelSettings {
  /** `host:port`. */
  readonly authority: string;
  readonly secure: boolean;
  /** PEM files, absolute. */
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** Changed files that cannot be used. */
  readonly onFault: (fault: unknown) => void;
}

interface Files {
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

/** Connections to one host. When files of certificates change, calls go over new ones, and the old ones end with their calls. */
export class Channel {
  readonly #closed = new AbortController();
  /** By bytes of the largest answer: the library knows limits of channels only, and nearly all calls have the same. */
  readonly #clients = new Map<number, Client>();
  #credentials: Promise<ChannelCredentials> | undefined;
  #files: Files | undefined;

  constructor(private readonly settings: ChannelSettings) {}

  async client(answerLimit: number): Promise<Client> {
    this.#credentials ??= this.#open();
    const made = await this.#credentials;
    const present = this.#clients.get(answerLimit);
    if (present) return present;
    const client = new Client(`dns:${this.settings.authority}`, made, optionsOf(answerLimit));
    this.#clients.set(answerLimit, client);
    return client;
  }

  close(): void {
    this.#closed.abort();
    this.#closeClients();
  }

  #closeClients(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  async #open(): Promise<ChannelCredentials> {
    // It would write fields that it cannot read to standard error.
    setLogVerbosity(logVerbosity.NONE);
    const { secure, ca, certificate, key, onFault } = this.settings;
    if (!secure) return credentials.createInsecure();
    try {
      this.#files = await this.#read();
    } catch (fault) {
      // The next call looks again.
      this.#credentials = undefined;
      const why = fault instanceof Error ? fault.message : String(fault);
      throw new TransportFault('untrusted', `a certificate file cannot be read: ${why}`, { cause: fault });
    }
    const directories = [ca, certificate, key].filter((file) => file !== undefined).map(dirname);
    if (directories.length > 0) {
      watchDirectories([...new Set(directories)], () => this.#reload(), this.#closed.signal, onFault);
    }
    return secureCredentials(this.#files);
  }

  async #reload(): Promise<void> {
    const files = await this.#read();
    const before = this.#files;
    if (before && before.ca === files.ca && before.certificate === files.certificate && before.key === files.key)
      return;
    // May throw: files are replaced one by one, and what comes next is looked at again.
    const made = secureCredentials(files);
    this.#files = files;
    this.#credentials = Promise.resolve(made);
    this.#closeClients();
  }

  async #read(): Promise<Files> {
    const read = (file: string | undefined): Promise<string> | undefined =>
      file === undefined ? undefined : readFile(file, 'utf8');
    const [ca, certificate, key] = await Promise.all([
      read(this.settings.ca),
      read(this.settings.certificate),
      read(this.settings.key),
    ]);
    return { ca, certificate, key };
  }
}

function secureCredentials({ ca, certificate, key }: Files): ChannelCredentials {
  return credentials.createFromSecureContext(
    createSecureContext({
      minVersion: 'TLSv1.3',
      ...(ca !== undefined && { ca }),
      ...(certificate !== undefined && { cert: certificate }),
      ...(key !== undefined && { key }),
    }),
  );
}

function optionsOf(answerLimit: number): ClientOptions {
  return {
    'grpc.max_receive_message_length': answerLimit,
    // A host that comes back is found soon.
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2000,
    // A stream may be silent for long: this is how it is noticed that nobody is there any more.
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.use_local_subchannel_pool': 1,
    // What may be made again, and how, is for the contract to say.
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_http_proxy': 0,
    'grpc.enable_channelz': 0,
  };
}
