import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SecureContextOptions, TlsOptions } from 'node:tls';
import {
  configuredIdentity,
  developmentIdentity,
  parseCertificates,
  type ServerIdentity,
  type ServerMaterial,
  watchDirectories,
} from '../../core/identity/index.js';
import type { BindingContext } from '../../core/plugin/index.js';
import type { GrpcConfig } from './config.js';

export type TlsContext = Pick<
  BindingContext<GrpcConfig, Record<never, never>>,
  'config' | 'log' | 'clock' | 'dataDir' | 'resolvePath'
>;

/** How a server speaks TLS. */
export interface ServerTls {
  readonly options: TlsOptions;
  /** Tells of each change of certificates, until the signal aborts that the server's TLS was made with. */
  onChange(apply: (context: SecureContextOptions) => void): void;
  onHandshakeFault(error: Error): void;
}

/**
 * @param stopped aborts when nobody needs to know of changes any longer
 * @throws IdentityFileFault, or Error naming the file of client CAs that cannot be used
 */
export async function serverTls(on: TlsContext, stopped: AbortSignal): Promise<ServerTls> {
  const { config, log, resolvePath } = on;
  const identity = identityOf(on);
  const caFile = config.clientCa === undefined ? undefined : resolvePath(config.clientCa);
  let material: ServerMaterial = await identity.material();
  let clientCa = caFile === undefined ? undefined : await readCas(caFile);
  const context = (): SecureContextOptions => ({
    cert: material.cert,
    key: material.key,
    minVersion: `TLSv${config.minTls}`,
    ...(clientCa !== undefined && { ca: clientCa }),
  });
  const asked = clientCa !== undefined && config.clientCertificate !== 'none';
  return {
    options: { ...context(), requestCert: asked, rejectUnauthorized: asked && config.clientCertificate === 'require' },
    onChange: (apply) => {
      identity.watch(
        (changed) => {
          material = changed;
          apply(context());
          log.info('the server certificate was replaced', { notAfter: changed.certificate.notAfter.toISOString() });
        },
        stopped,
        (fault) => log.warn('the new server certificate cannot be used; the one before stays', { error: fault }),
      );
      if (caFile === undefined) return;
      const reload = async (): Promise<void> => {
        const read = await readCas(caFile);
        if (read === clientCa) return;
        clientCa = read;
        apply(context());
        log.info('the CAs of client certificates were replaced', { file: caFile });
      };
      watchDirectories([dirname(caFile)], reload, stopped, (fault) =>
        log.warn('the new CAs of client certificates cannot be used; those before stay', { error: fault }),
      );
    },
    onHandshakeFault: (error) => log.debug('a TLS handshake failed', { error }),
  };
}

function identityOf({ config, dataDir, clock, resolvePath }: TlsContext): ServerIdentity {
  return config.certificate !== undefined && config.key !== undefined
    ? configuredIdentity({ certificate: resolvePath(config.certificate), key: resolvePath(config.key) })
    : developmentIdentity({ directory: join(dataDir, 'pki'), hosts: certifiedHosts(config), now: () => clock.now() });
}

/** An address that stands for all of them is in no certificate. */
function certifiedHosts({ host, hosts }: GrpcConfig): string[] {
  return host === '0.0.0.0' || host === '::' ? hosts : [host, ...hosts];
}

async function readCas(file: string): Promise<string> {
  try {
    const text = await readFile(file, 'utf8');
    if (parseCertificates(text).length > 0) return text;
  } catch (cause) {
    throw new Error(`${file}: cannot be used as the CAs of client certificates`, { cause });
  }
  throw new Error(`${file}: holds no certificate; clientCa names the CAs of client certificates`);
}
