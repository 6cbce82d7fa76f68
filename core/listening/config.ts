import { z } from 'zod';
import { isLoopback } from '../operation/local.js';

/**
 * Where a server listens and how it speaks TLS: the settings that all servers of a host have, whatever their protocol.
 * For `z.strictObject({ ...listening({ port: 8443 }), ... }).check(checkListening)`.
 */
export function listening<P extends z.ZodType>({ port }: { readonly port: P }) {
  return {
    host: z.string().min(1).default('127.0.0.1').describe('Address to listen on; only this machine unless told'),
    port,
    tls: z
      .enum(['auto', 'files', 'off'])
      .default('auto')
      .describe(
        'auto: a development CA of its own below <data>/pki; files: certificate and key; off: on loopback only',
      ),
    certificate: z
      .string()
      .optional()
      .describe('PEM file, the chain included, with tls: files; taken up anew when it changes'),
    key: z.string().optional().describe('PEM file of its key'),
    hosts: z.array(z.string()).default([]).describe('Further names and addresses for the certificate of tls: auto'),
    minTls: z.enum(['1.2', '1.3']).default('1.3').describe('Oldest TLS version that is spoken'),
    clientCa: z
      .string()
      .optional()
      .describe('PEM file of the CAs that sign client certificates (mutual TLS); taken up anew when it changes'),
  };
}

export const portNumber = z.number().int().min(0).max(65_535);

/** How callers are asked for a certificate; for servers whose callers have other credentials too. */
export const clientCertificate = z
  .enum(['none', 'request', 'require'])
  .optional()
  .describe('With clientCa. request: callers may show one (the default); require: others cannot connect');

/** What {@link listening} makes of a config. */
export interface ListeningConfig {
  readonly host: string;
  readonly port?: number | undefined;
  readonly tls: 'auto' | 'files' | 'off';
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  readonly hosts: readonly string[];
  readonly minTls: '1.2' | '1.3';
  readonly clientCa?: string | undefined;
  readonly clientCertificate?: 'none' | 'request' | 'require' | undefined;
}

/** Settings that do not go together. */
export function checkListening({ value, issues }: z.core.ParsePayload<ListeningConfig>): void {
  const fault = (path: keyof ListeningConfig, message: string): void => {
    issues.push({ code: 'custom', path: [path], input: value[path], message });
  };
  if (value.tls === 'off' && !isLoopback(value.host)) {
    fault('tls', `without TLS only loopback addresses may be listened on, not ${value.host}`);
  }
  if ((value.tls === 'files') !== (value.certificate !== undefined && value.key !== undefined)) {
    fault('tls', 'certificate and key go with tls: files, and only with it');
  }
  if (value.clientCa !== undefined && value.tls === 'off') {
    fault('clientCa', 'client certificates need TLS; take tls: auto or files');
  }
  const asks = value.clientCertificate !== undefined && value.clientCertificate !== 'none';
  if (asks && value.clientCa === undefined) {
    fault('clientCertificate', 'needs clientCa, the CAs that sign the certificates of callers');
  }
}
