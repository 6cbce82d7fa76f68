import { createServer, type Server, type ServerOptions } from 'node:https';
import { join } from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import {
  configuredIdentity,
  developmentIdentity,
  type ServerIdentity,
  type ServerMaterial,
} from '../../core/identity/index.js';
import type { Context, Uses } from '../../core/plugin/index.js';
import type { HttpConfig } from './config.js';

type On = Context<HttpConfig, Uses>;

export interface Until {
  /** Aborts when nobody wants the server any more before it is there. */
  readonly givenUp: AbortSignal;
  /** Aborts when the server stops. */
  readonly stopped: AbortSignal;
}

/**
 * A server that speaks TLS as the config has it, and takes up its files anew when they change; connections that are open
 * stay as they are.
 *
 * @throws IdentityFileFault when a file is missing or damaged
 */
export async function createSecureServer(on: On, options: ServerOptions, { givenUp, stopped }: Until): Promise<Server> {
  const { log, config } = on;
  const identity = identityOf(on);
  const secured = ({ cert, key, clientCa }: ServerMaterial): SecureContextOptions => ({
    cert,
    key,
    ...(clientCa !== undefined && { ca: clientCa }),
    minVersion: `TLSv${config.minTls}`,
  });
  const material = await identity.material();
  givenUp.throwIfAborted();
  const server = createServer({
    ...options,
    ...secured(material),
    requestCert: config.clientCertificate !== 'none',
    rejectUnauthorized: config.clientCertificate === 'require',
    handshakeTimeout: config.headersTimeout * 1000,
  });
  let { clientCa } = material;
  identity.watch(
    (changed) => {
      server.setSecureContext(secured(changed));
      log.info(`the ${changed.clientCa === clientCa ? 'server certificate was' : 'CAs of clients were'} replaced`, {
        notAfter: changed.certificate.notAfter.toISOString(),
      });
      clientCa = changed.clientCa;
    },
    stopped,
    (fault) => log.warn('the new certificates cannot be used; those before stay', { error: fault }),
  );
  // Handshakes fail every day (port scans, clients without our CA): worth a line only for who looks for it.
  server.on('tlsClientError', (error, socket) => {
    log.debug('a TLS handshake failed', { error });
    // What is written before the end of a handshake waits for it, and with it the end of the connection.
    socket.destroy();
  });
  return server;
}

function identityOf({ config, dataDir, clock, resolvePath }: On): ServerIdentity {
  const clients = config.clientCa === undefined ? {} : { clientCa: resolvePath(config.clientCa) };
  return config.certificate !== undefined && config.key !== undefined
    ? configuredIdentity({ certificate: resolvePath(config.certificate), key: resolvePath(config.key), ...clients })
    : developmentIdentity({
        directory: join(dataDir, 'pki'),
        hosts: certifiedHosts(config),
        now: () => clock.now(),
        ...clients,
      });
}

/** An address that stands for all of them is in no certificate. */
function certifiedHosts({ host, hosts, publicUrl }: HttpConfig): string[] {
  const own = host === '0.0.0.0' || host === '::' ? [] : [host];
  return [...own, ...hosts, ...(publicUrl === undefined ? [] : [new URL(publicUrl).hostname])];
}
