import { isLoopback } from '../../core/operation/index.js';
import { z } from '../../core/plugin/index.js';

const seconds = (value: number) => z.number().positive().max(86_400).default(value);

export const config = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('Address to listen on; only this machine unless told'),
    port: z.number().int().min(0).max(65_535).default(9443).describe('0 takes any free port'),
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
    clientCertificate: z
      .enum(['none', 'request', 'require'])
      .optional()
      .describe('With clientCa. request: callers may show one (the default); require: others cannot connect'),
    numbers: z
      .string()
      .optional()
      .describe('JSON file with the field numbers of operations from plugins, as "tutti proto --lock" writes it'),
    reflection: z
      .boolean()
      .default(true)
      .describe('Whether anybody may ask which services there are and what they take (grpcurl does)'),
    bodyLimit: z
      .number()
      .int()
      .min(1)
      .default(1024 * 1024)
      .describe('Bytes of a request, for operations that set no limit of their own'),
    handshakeTimeout: seconds(10).describe('Seconds for the TLS handshake'),
    idleTimeout: seconds(300).describe('Seconds that a connection may be without a call'),
    keepaliveInterval: seconds(60).describe('Seconds between looks whether a caller is still there'),
    keepaliveTimeout: seconds(20).describe('Seconds that a caller has to answer such a look'),
    maxConnections: z.number().int().min(1).default(20_000).describe('Connections at the same time'),
    maxConcurrentStreams: z.number().int().min(1).default(1000).describe('Calls at the same time on one connection'),
  })
  .check(({ value, issues }) => {
    const fault = (path: keyof typeof value, message: string): void => {
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
    if (value.clientCertificate !== undefined && value.clientCertificate !== 'none' && value.clientCa === undefined) {
      fault('clientCertificate', 'needs clientCa, the CAs that sign the certificates of callers');
    }
  });

export type GrpcConfig = z.output<typeof config>;
