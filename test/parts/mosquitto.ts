import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority, issueDeviceCertificate, SigningKey } from '../../core/identity/index.js';
import { selfSigned } from './certificate.js';
import { type Daemon, freePort, startDaemon } from './daemon.js';
import { type Finished, must, run, tool } from './tools.js';
import { reclaim, workspace } from './workspace.js';

export interface MosquittoOptions {
  /** Who clients show to be: with a user and a password, or with a certificate whose common name is the user. */
  readonly by: 'passwords' | 'certificates';
  /** Users beside `host`, each confined to topics below its own name. */
  readonly users: readonly string[];
}

/** What one user connects with; all are files. */
export interface MosquittoClient {
  readonly url: string;
  readonly ca: string;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly certificate?: string;
  readonly key?: string;
}

/** A mosquitto on a port of the loopback interface, with TLS 1.3 and an access list; it keeps nothing on disk. */
export interface MosquittoPart {
  readonly url: string;
  /** @param user `host`, or one of those that were asked for */
  client(user: string): MosquittoClient;
  /** A directory of its own, for files of a test. */
  readonly directory: string;
  /** What mosquitto_pub and mosquitto_sub need to connect as a user. */
  arguments(user: string): readonly string[];
  /** mosquitto_pub or mosquitto_sub as a user. */
  run(program: 'mosquitto_pub' | 'mosquitto_sub', user: string, args: readonly string[]): Promise<Finished>;
  /** kill -9 */
  kill(): Promise<void>;
  restart(): Promise<void>;
  output(): string;
  stop(): Promise<void>;
}

/** As the documentation has it: the host serves all, everybody else uses what lies below its own name. */
const accessList = `
user host
topic read tutti/+/call/+
topic read tutti/+/control
topic write tutti/+/reply/+

pattern write tutti/%u/call/+
pattern write tutti/%u/control
pattern read tutti/%u/reply/+
`;

export async function startMosquitto({ by, users }: MosquittoOptions): Promise<MosquittoPart> {
  const directory = workspace('mosquitto');
  const file = (name: string): string => join(directory, name);
  try {
    const port = await freePort();
    const url = `mqtts://127.0.0.1:${port}`;
    const { ca, certificate, key } = await selfSigned(['127.0.0.1', 'localhost']);
    writeFileSync(file('ca.crt'), ca);
    writeFileSync(file('server.crt'), certificate);
    writeFileSync(file('server.key'), key, { mode: 0o600 });
    writeFileSync(file('acl'), accessList, { mode: 0o600 });
    const all = ['host', ...users];
    if (by === 'passwords') await passwords(file, all);
    else await certificates(file, all);
    const lines = [
      `listener ${port} 127.0.0.1`,
      `certfile ${file('server.crt')}`,
      `keyfile ${file('server.key')}`,
      'tls_version tlsv1.3',
      'allow_anonymous false',
      `acl_file ${file('acl')}`,
      'log_type all',
      ...(by === 'passwords'
        ? [`password_file ${file('passwords')}`]
        : [`cafile ${file('clients.crt')}`, 'require_certificate true', 'use_identity_as_username true']),
      // As root it would become another user, who may not read these files.
      ...(process.getuid?.() === 0 ? ['user root'] : []),
    ];
    writeFileSync(file('mosquitto.conf'), `${lines.join('\n')}\n`);
    const start = (): Promise<Daemon> =>
      startDaemon(tool('mosquitto'), ['-c', file('mosquitto.conf')], {
        ready: (output) => Promise.resolve(/mosquitto version \S+ running/.test(output)),
      });
    let daemon = await start();
    const client = (user: string): MosquittoClient => ({
      url,
      ca: file('ca.crt'),
      ...(by === 'passwords'
        ? { username: user, passwordFile: file(`${user}.password`) }
        : { certificate: file(`${user}.crt`), key: file(`${user}.key`) }),
    });
    const shown = (user: string): readonly string[] => [
      ...['-h', '127.0.0.1', '-p', String(port), '--cafile', file('ca.crt')],
      ...(by === 'passwords'
        ? ['-u', user, '-P', passwordOf(user)]
        : ['--cert', file(`${user}.crt`), '--key', file(`${user}.key`)]),
    ];
    return {
      url,
      client,
      directory,
      arguments: shown,
      run: (program, user, args) => run(tool(program), [...shown(user), ...args]),
      kill: () => daemon.kill(),
      async restart() {
        daemon = await start();
      },
      output: () => daemon.output(),
      async stop() {
        await daemon.stop();
        await reclaim(directory);
      },
    };
  } catch (error) {
    await reclaim(directory);
    throw error;
  }
}

const passwordOf = (user: string): string => `password-of-${user}`;

async function passwords(file: (name: string) => string, users: readonly string[]): Promise<void> {
  writeFileSync(file('passwords'), '', { mode: 0o600 });
  for (const user of users) {
    writeFileSync(file(`${user}.password`), `${passwordOf(user)}\n`, { mode: 0o600 });
    await must(tool('mosquitto_passwd'), ['-b', file('passwords'), user, passwordOf(user)]);
  }
}

async function certificates(file: (name: string) => string, users: readonly string[]): Promise<void> {
  const now = Date.now();
  const authority = await createAuthority({ commonName: 'Test clients', now });
  writeFileSync(file('clients.crt'), authority.certificate.pem);
  for (const user of users) {
    const key = SigningKey.generate();
    const issued = await issueDeviceCertificate(authority, { name: user, key: key.verificationKey, now });
    writeFileSync(file(`${user}.crt`), issued.pem);
    writeFileSync(file(`${user}.key`), key.exportPem(), { mode: 0o600 });
  }
}
