import { join } from 'node:path';
import type { SecureContextOptions, Server, TlsOptions } from 'node:tls';
import {
  configuredIdentity,
  developmentIdentity,
  type ServerIdentity,
  type ServerMaterial,
} from '../identity/index.js';
import type { Context, Uses } from '../plugin/definition.js';
import type { ListeningConfig } from './config.js';

export type ListeningContext = Pick<
  Context<ListeningConfig, Uses>,
  'config' | 'log' | 'clock' | 'dataDir' | 'resolvePath'
>;

export interface TlsSettings {
  /** Names and addresses for the certificate of `tls: auto`, beside those of the config. */
  readonly hosts?: readonly string[];
  /** What becomes of callers without a certificate of `clientCa`, where there is one; `request` unless told. */
  readonly clientCertificate?: 'none' | 'request' | 'require' | undefined;
  /** Aborts when the server stops. */
  readonly stopped: AbortSignal;
}

/** How a server speaks TLS. */
export interface ServerTls {
  /** For the server's making. */
  readonly options: TlsOptions;
  /** Has the server take up changed files, until it stops, and handshakes that fail cut their connections. */
  follow(server: Server): void;
}

/**
 * TLS as the config has it; connections that are open stay as they are when files change.
 *
 * @throws IdentityFileFault when a file is missing or damaged
 */
export async function serverTls(on: ListeningContext, settings: TlsSettings): Promise<ServerTls> {
  const { config, log } = on;
  const identity = identityOf(on, settings.hosts ?? []);
  const context = ({ cert, key, clientCa }: ServerMaterial): SecureContextOptions => ({
    cert,
    key,
    ...(clientCa !== undefined && { ca: clientCa }),
    minVersion: `TLSv${config.minTls}`,
  });
  const material = await identity.material();
  const asked = config.clientCa === undefined ? 'none' : (settings.clientCertificate ?? 'request');
  let { clientCa } = material;
  return {
    options: { ...context(material), requestCert: asked !== 'none', rejectUnauthorized: asked === 'require' },
    follow: (server) => {
      identity.watch(
        (changed) => {
          server.setSecureContext(context(changed));
          log.info(`the ${changed.clientCa === clientCa ? 'server certificate was' : 'CAs of clients were'} replaced`, {
            notAfter: changed.certificate.notAfter.toISOString(),
          });
          clientCa = changed.clientCa;
        },
        settings.stopped,
        (fault) => log.warn('the new certificates cannot be used; those before stay', { error: fault }),
      );
      // Handshakes fail every day (port scans, clients without our CA): worth a line only for who looks for it.
      server.on('tlsClientError', (error, socket) => {
        log.debug('a TLS handshake failed', { error });
        // What is written before the end of a handshake waits for it, and with it the end of the connection.
        socket.destroy();
      });
    },
  };
}

function identityOf(
  { config, dataDir, clock, resolvePath }: ListeningContext,
  hosts: readonly string[],
): ServerIdentity {
  const clients = config.clientCa === undefined ? {} : { clientCa: resolvePath(config.clientCa) };
  if (config.certificate !== undefined && config.key !== undefined) {
    return configuredIdentity({
      certificate: resolvePath(config.certificate),
      key: resolvePath(config.key),
      ...clients,
    });
  }
  // An address that stands for all of them is in no certificate.
  const own = config.host === '0.0.0.0' || config.host === '::' ? [] : [config.host];
  return developmentIdentity({
    directory: join(dataDir, 'pki'),
    hosts: [...own, ...config.hosts, ...hosts],
    now: () => clock.now(),
    ...clients,
  });
}
