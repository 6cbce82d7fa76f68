import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { rootCertificates } from 'node:tls';
import type * as Undici from 'undici';
import type { Agent, Dispatcher } from 'undici';
import { unreadable } from '../../../core/files/index.js';
import type { Logger } from '../../../core/plugin/index.js';
import {
  type PullCredentials,
  type RegistryCredentials,
  RegistryFault,
  type SecretProvider,
} from '../../../core/ports/index.js';
import { isLoopback, type OciConfig, type RegistryConfig } from './config.js';
import { nobodyToAsk, secretPassword } from './secret-password.js';

interface Agents {
  readonly ca: string | undefined;
  /** Trusts the configured CA alone: for the registry itself. */
  readonly own: Agent;
  /** Trusts the system's CAs as well: for hosts that the registry sends us to. */
  readonly elsewhere: Agent;
}

/** Who has credentials that the config does not hold. */
export interface CredentialKeepers {
  readonly secrets?: SecretProvider | undefined;
  /** For registries that the config says no user of. */
  readonly handed?: PullCredentials | undefined;
}

/** One registry: its address, whom to trust there, and who we are to it. */
export class Endpoint {
  readonly origin: URL;
  readonly host: string;
  readonly trust: string;
  #agents: Agents | undefined;

  constructor(
    private readonly config: RegistryConfig,
    private readonly timeouts: OciConfig['timeouts'],
    private readonly keepers: CredentialKeepers = {},
  ) {
    this.origin = new URL(config.url);
    this.host = this.origin.host;
    this.trust =
      config.ca === undefined ? "the system's CAs (`ca` of its entry in `registries` names another)" : config.ca;
  }

  /** Tells of files that cannot be read, so that a slip is seen before a request fails for it. A file may come later. */
  async check(log: Pick<Logger, 'warn'>): Promise<void> {
    const { ca, passwordFile } = this.config;
    for (const [key, file] of Object.entries({ ca, passwordFile })) {
      if (file === undefined) continue;
      try {
        await this.#read(file, key);
      } catch (error) {
        if (!(error instanceof RegistryFault)) throw error;
        log.warn(`${error.message}: until it can be read, nothing can be asked there`);
      }
    }
  }

  /** Read at each use, so that a password that was changed where it is kept counts at once. */
  async credentials(signal?: AbortSignal): Promise<RegistryCredentials | undefined> {
    const { username = 'tutti', password, passwordFile, passwordSecret } = this.config;
    if (password !== undefined) return { username, password };
    if (passwordFile !== undefined) {
      return { username, password: (await this.#read(passwordFile, 'passwordFile')).trim() };
    }
    const { secrets, handed } = this.keepers;
    if (passwordSecret === undefined) return handed && this.#handed(handed, signal);
    return secrets && { username, password: await secretPassword(secrets, passwordSecret, this.host, signal) };
  }

  /** Says that the registry did not take what {@link credentials} gave: what was handed to us may have been replaced. */
  async refused({ username }: RegistryCredentials): Promise<void> {
    const { password, passwordFile, passwordSecret } = this.config;
    if ((password ?? passwordFile ?? passwordSecret) !== undefined) return;
    await this.keepers.handed?.refused({ registry: this.host, username });
  }

  async #handed(keeper: PullCredentials, signal: AbortSignal | undefined): Promise<RegistryCredentials | undefined> {
    const found = (await keeper.current(signal)).find(({ registry }) => registry === this.host);
    return found && { username: found.username, password: found.password };
  }

  /**
   * What to send a request with. Plain HTTP leads to loopback addresses only, and only from a registry that is on one.
   * @throws RegistryFault `refused` for an address that nothing may be sent to
   */
  async dispatcher(url: URL, what: string): Promise<Dispatcher> {
    const plain = url.protocol === 'http:' && isLoopback(url) && isLoopback(this.origin);
    if (url.protocol !== 'https:' && !plain) {
      throw new RegistryFault(
        'refused',
        `registry ${this.host}: ${what}: it leads to ${url.protocol}//${url.host}, which is not https ` +
          '(behind a TLS proxy, let the proxy pass X-Forwarded-Proto to the registry)',
      );
    }
    const { own, elsewhere } = await this.#current();
    return url.origin === this.origin.origin ? own : elsewhere;
  }

  async close(): Promise<void> {
    const agents = this.#agents;
    this.#agents = undefined;
    if (agents) await Promise.all([agents.own.destroy(), agents.elsewhere.destroy()]);
  }

  /** The agents for the CA file as it is now: it may be made after us, and be renewed. */
  async #current(): Promise<Agents> {
    const ca = this.config.ca === undefined ? undefined : await this.#read(this.config.ca, 'ca');
    // Loaded with the first request, so that a host is ready without it.
    const undici = await import('undici');
    if (this.#agents !== undefined && this.#agents.ca === ca) return this.#agents;
    if (ca !== undefined) this.#checkPem(ca);
    const old = this.#agents;
    const agents = {
      ca,
      own: this.#agent(undici, ca),
      elsewhere: this.#agent(undici, ca && [...rootCertificates, ca]),
    };
    this.#agents = agents;
    // What is under way over the old connections may end there.
    if (old) for (const agent of [old.own, old.elsewhere]) closeLater(agent);
    return agents;
  }

  #agent(undici: typeof Undici, ca: string | string[] | undefined): Agent {
    const { connect, answer, idle } = this.timeouts;
    return new undici.Agent({
      connect: { timeout: connect * 1000, ...(ca !== undefined && { ca }) },
      headersTimeout: answer * 1000,
      bodyTimeout: idle * 1000,
    });
  }

  async #read(file: string, key: string): Promise<string> {
    try {
      return await readFile(file, 'utf8');
    } catch (error) {
      throw new RegistryFault('unreachable', `registry ${this.host}: ${unreadable(error, file, key)}`, {
        cause: error,
      });
    }
  }

  #checkPem(ca: string): void {
    try {
      new X509Certificate(ca);
    } catch (cause) {
      throw new RegistryFault('unreachable', `registry ${this.host}: ${this.trust} (\`ca\`) holds no PEM certificate`, {
        cause,
      });
    }
  }
}

/** The registries that may be used. */
export class Endpoints {
  readonly #byAddress = new Map<string, Endpoint>();

  /** @throws Error when a password is in a secret and there is nobody to ask for it */
  constructor(
    private readonly config: OciConfig,
    resolvePath: (path: string) => string,
    private readonly keepers: CredentialKeepers = {},
  ) {
    for (const { ca, passwordFile, ...registry } of config.registries) {
      const files = {
        ...(ca !== undefined && { ca: resolvePath(ca) }),
        ...(passwordFile !== undefined && { passwordFile: resolvePath(passwordFile) }),
      };
      const { origin } = new URL(registry.url);
      // The first entry of an address counts, so that a profile can put a default behind what the environment names.
      if (this.#byAddress.has(origin)) continue;
      if (registry.passwordSecret !== undefined && !keepers.secrets) throw new Error(nobodyToAsk(registry.url));
      this.#byAddress.set(origin, new Endpoint({ ...registry, ...files }, config.timeouts, keepers));
    }
  }

  /**
   * @param registry `host[:port]` of a reference
   * @throws RegistryFault `refused` when the profile does not name it
   */
  find(registry: string): Endpoint {
    const [secure, plain] = [new URL(`https://${registry}`).origin, new URL(`http://${registry}`).origin];
    const known = this.#byAddress.get(secure) ?? this.#byAddress.get(plain);
    if (known) return known;
    if (this.config.unlisted === 'refuse') {
      throw new RegistryFault(
        'refused',
        `registry ${registry}: the profile does not name it; add \`- url: ${secure}\` to the \`registries\` of its ` +
          '`registry.oci` or `registry.harbor` entry (or set `unlisted: allow` there)',
      );
    }
    const endpoint = new Endpoint({ url: secure }, this.config.timeouts, this.keepers);
    this.#byAddress.set(secure, endpoint);
    return endpoint;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#byAddress.values()].map((endpoint) => endpoint.close()));
  }
}

/** `close` waits for what is under way; nobody needs to wait for that. */
function closeLater(agent: Agent): void {
  agent.close().catch(() => agent.destroy());
}
