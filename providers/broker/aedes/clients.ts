import { createHash, timingSafeEqual } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { AuthenticateError, Client } from 'aedes';
import { readText } from '../../../core/files/index.js';
import { parseCertificate } from '../../../core/identity/index.js';
import type { AedesConfig } from './config.js';
import { levelFault, mayPublish, maySubscribe } from './confinement.js';

const badCredentials = 4;
const notAuthorized = 5;

/** Who is connected, under which name, and what they may do. */
export class Clients {
  /** Connections of the host itself, and the ids that it uses. */
  readonly #ours = new WeakSet<Duplex>();
  readonly #ourIds = new Set<string>();
  /** Those of them that are connected now. */
  readonly #connected = new Set<string>();
  /** Names of those that have shown who they are. */
  readonly #names = new WeakMap<Client, string>();
  readonly #clients = new Map<string, Set<Client>>();
  /** SHA-256 by user. */
  #passwords: ReadonlyMap<string, Buffer> = new Map();

  constructor(private readonly config: AedesConfig) {}

  /** @throws Error when a file cannot be read, or is empty */
  async readPasswords(resolvePath: (path: string) => string): Promise<void> {
    const read = this.config.users.map(
      async ({ name, passwordFile }) => [name, await digestIn(resolvePath(passwordFile))] as const,
    );
    this.#passwords = new Map(await Promise.all(read));
  }

  addOwn(connection: Duplex): void {
    this.#ours.add(connection);
  }

  certificateOf(name: string): Uint8Array | undefined {
    for (const { conn } of this.#clients.get(name) ?? []) {
      const certificate = clientCertificate(conn);
      if (certificate) return certificate;
    }
    return undefined;
  }

  /**
   * The name of a client is its certificate's common name, else its user's, else (where there are no accounts) its
   * client id. No session outlasts its connection, whatever a client asks for: what is kept for those that never come
   * back would fill the memory of the host.
   */
  admit(client: Client, username: string | undefined, password: Buffer | undefined): AuthenticateError | undefined {
    if (this.#ours.has(client.conn)) return this.#admitOwn(client);
    const name = this.#nameOf(client, username, password);
    if (name === undefined) return refused(badCredentials, 'wrong user or password, or no certificate');
    if (levelFault(name) !== undefined) return refused(notAuthorized, 'its name cannot be a level of a topic');
    if (this.#ourIds.has(client.id) || (client.id !== name && this.#isAnothers(client.id, name))) {
      return refused(notAuthorized, 'this client id is for the client of that name');
    }
    // The library looks at it once its client is let in.
    client.clean = true;
    this.#names.set(client, name);
    this.#clients.set(name, (this.#clients.get(name) ?? new Set()).add(client));
    client.conn.once('close', () => this.#forget(client, name));
    return undefined;
  }

  /** Two bindings under one id would end each other's connection for ever. */
  #admitOwn({ id, conn }: Client): AuthenticateError | undefined {
    if (this.#connected.has(id)) {
      return refused(notAuthorized, `another entry of this host is connected as ${id}: give one of them another root`);
    }
    this.#ourIds.add(id);
    this.#connected.add(id);
    conn.once('close', () => this.#connected.delete(id));
    return undefined;
  }

  #nameOf({ id, conn }: Client, username: string | undefined, password: Buffer | undefined): string | undefined {
    const { users, clientCa } = this.config;
    const certificate = clientCertificate(conn);
    if (certificate) {
      const { commonName } = parseCertificate(Buffer.from(certificate));
      // Who has the password of an account must not pass for who has the certificate.
      return commonName !== undefined && this.#passwords.has(commonName) ? undefined : commonName;
    }
    if (users.length > 0) return this.#isPassword(username, password) ? username : undefined;
    return clientCa === undefined ? id : undefined;
  }

  /** Whether a client id is that of somebody else's account, or of somebody else who is connected. */
  #isAnothers(id: string, name: string): boolean {
    if (this.#passwords.has(id)) return true;
    return [...this.#clients].some(([other, clients]) => other !== name && [...clients].some((one) => one.id === id));
  }

  #isPassword(username: string | undefined, password: Buffer | undefined): boolean {
    const wanted = username === undefined ? undefined : this.#passwords.get(username);
    const shown = digest(password ?? Buffer.alloc(0));
    // Compared in any case, so that unknown users take as long as known ones.
    return timingSafeEqual(wanted ?? shown, shown) && wanted !== undefined;
  }

  /** Why a message is not taken, or `undefined`. */
  publishFault(client: Client | null, topic: string, retain: boolean): Error | undefined {
    if (client === null || this.#ours.has(client.conn)) return undefined;
    const name = this.#names.get(client);
    if (name === undefined || !mayPublish(this.config.root, name, topic)) {
      return new Error('neither a call of its own, nor control of one');
    }
    return retain ? new Error('nothing is retained here') : undefined;
  }

  maySubscribe(client: Client, filter: string): boolean {
    if (this.#ours.has(client.conn)) return true;
    const name = this.#names.get(client);
    return name !== undefined && maySubscribe(this.config.root, name, filter);
  }

  #forget(client: Client, name: string): void {
    const known = this.#clients.get(name);
    known?.delete(client);
    if (known?.size === 0) this.#clients.delete(name);
  }
}

function clientCertificate(connection: Duplex): Uint8Array | undefined {
  return connection instanceof TLSSocket && connection.authorized ? connection.getPeerCertificate().raw : undefined;
}

function refused(returnCode: number, why: string): AuthenticateError {
  return Object.assign(new Error(why), { returnCode });
}

function digest(password: Uint8Array): Buffer {
  return createHash('sha256').update(password).digest();
}

async function digestIn(file: string): Promise<Buffer> {
  const password = await readText(file);
  if (password === '') throw new Error(`${file} is empty: an account needs a password`);
  return digest(Buffer.from(password));
}
