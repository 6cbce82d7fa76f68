import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, fetch as fetchWith } from 'undici';
import { selfSigned } from './certificate.js';
import { freePort, startDaemon } from './daemon.js';
import type { TokenTrust } from './token-issuer.js';
import { must, tool } from './tools.js';
import { reclaim, workspace } from './workspace.js';

export interface RegistryOptions {
  /** HTTPS with a certificate of its own; plain HTTP unless told. */
  readonly tls?: boolean;
  /** Basic authentication; none unless told. */
  readonly credentials?: { readonly username: string; readonly password: string };
  /** Bearer tokens of an issuer, in place of basic authentication. */
  readonly tokens?: TokenTrust;
}

/** docker-registry, the storage core of Harbor, on a port of the loopback interface. */
export interface RegistryPart {
  /** `127.0.0.1:port`, as in an image reference. */
  readonly host: string;
  readonly url: string;
  /** PEM of the certificate authority, and the file it is in; only with TLS. */
  readonly ca?: { readonly pem: string; readonly file: string };
  output(): string;
  stop(): Promise<void>;
}

export async function startRegistry(options: RegistryOptions = {}): Promise<RegistryPart> {
  const directory = workspace('registry');
  try {
    const host = `127.0.0.1:${await freePort()}`;
    const ca = options.tls === true ? await certificate(directory) : undefined;
    const auth = options.credentials && (await passwordFile(directory, options.credentials));
    const config = join(directory, 'config.yml');
    // JSON is YAML.
    writeFileSync(
      config,
      JSON.stringify({
        version: 0.1,
        log: { level: 'warn', accesslog: { disabled: true } },
        storage: { filesystem: { rootdirectory: join(directory, 'data') }, delete: { enabled: true } },
        http: {
          addr: host,
          secret: 'of-this-test-alone',
          ...(ca && { tls: { certificate: join(directory, 'tls.crt'), key: join(directory, 'tls.key') } }),
        },
        ...(auth !== undefined && { auth: { htpasswd: { realm: 'test', path: auth } } }),
        ...(options.tokens && { auth: { token: tokenSettings(options.tokens) } }),
      }),
    );
    const url = `${ca ? 'https' : 'http'}://${host}`;
    const dispatcher = new Agent({ connect: { ...(ca && { ca: ca.pem }) } });
    const daemon = await startDaemon(tool('docker-registry'), ['serve', config], {
      env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' },
      ready: async () => [200, 401].includes((await fetchWith(`${url}/v2/`, { dispatcher })).status),
    });
    return {
      host,
      url,
      ...(ca && { ca }),
      output: () => daemon.output(),
      async stop() {
        await dispatcher.close();
        await daemon.stop();
        await reclaim(directory);
      },
    };
  } catch (error) {
    await reclaim(directory);
    throw error;
  }
}

function tokenSettings({ rootCertificates: rootcertbundle, ...rest }: TokenTrust): object {
  return { ...rest, rootcertbundle };
}

async function certificate(directory: string): Promise<{ readonly pem: string; readonly file: string }> {
  const { ca, certificate: own, key } = await selfSigned(['127.0.0.1', 'localhost']);
  writeFileSync(join(directory, 'tls.crt'), own);
  writeFileSync(join(directory, 'tls.key'), key, { mode: 0o600 });
  const file = join(directory, 'ca.crt');
  writeFileSync(file, ca);
  return { pem: ca, file };
}

async function passwordFile(
  directory: string,
  { username, password }: NonNullable<RegistryOptions['credentials']>,
): Promise<string> {
  const file = join(directory, 'htpasswd');
  writeFileSync(file, await must(tool('htpasswd'), ['-Bbn', username, password]));
  return file;
}
