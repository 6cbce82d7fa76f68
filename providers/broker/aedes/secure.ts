import { join } from 'node:path';
import { createServer, type SecureContextOptions, type Server } from 'node:tls';
import {
  configuredIdentity,
  developmentIdentity,
  type ServerIdentity,
  type ServerMaterial,
} from '../../../core/identity/index.js';
import type { Context, Uses } from '../../../core/plugin/index.js';
import type { AedesConfig } from './config.js';

type On = Context<AedesConfig, Uses>;

export interface Until {
  /** Aborts when nobody wants the server any more before it is there. */
  readonly givenUp: AbortSignal;
  /** Aborts when the server stops. */
  readonly stopped: AbortSignal;
}

const handshakeTimeout = 10_000;

/**
 * A server that speaks TLS as the config has it, and takes up its files anew when they change.
 *
 * @throws IdentityFileFault when a file is missing or damaged
 */
export async function createSecureServer(on: On, { givenUp, stopped }: Until): Promise<Server> {
  const { config, log } = on;
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
    ...secured(material),
    handshakeTimeout,
    requestCert: config.clientCa !== undefined,
    // Who shows none may still have an account.
    rejectUnauthorized: config.clientCa !== undefined && config.users.length === 0,
  });
  identity.watch(
    (changed) => {
      server.setSecureContext(secured(changed));
      log.info('the certificates were replaced', { notAfter: changed.certificate.notAfter.toISOString() });
    },
    stopped,
    (fault) => log.warn('the new certificates cannot be used; those before stay', { error: fault }),
  );
  server.on('tlsClientError', (error, socket) => {
    log.debug('a TLS handshake failed', { error });
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
function certifiedHosts({ host, hosts }: AedesConfig): string[] {
  return [...(host === '0.0.0.0' || host === '::' ? [] : [host]), ...hosts];
}
