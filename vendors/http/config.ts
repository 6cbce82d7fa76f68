import { isLoopback } from '../../core/operation/index.js';
import { z } from '../../core/plugin/index.js';

const seconds = (value: number) => z.number().positive().max(3600).default(value);

export const config = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('Address to listen on; only this machine unless told'),
    port: z.number().int().min(0).max(65_535).default(8443).describe('0 takes any free port'),
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
    clientCertificate: z
      .enum(['none', 'request', 'require'])
      .default('none')
      .describe(
        'Whether callers show a certificate of clientCa: request lets in those without one too, as far as operations do',
      ),
    clientCa: z
      .string()
      .optional()
      .describe('PEM file of the CAs of client certificates; taken up anew when it changes'),
    publicUrl: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Origin (and path) by which callers address this server, where a proxy stands before it'),
    bodyLimit: z
      .number()
      .int()
      .min(1)
      .default(1024 * 1024)
      .describe('Bytes of a body, for operations that set no limit of their own'),
    headersTimeout: seconds(10).describe('Seconds for the head of a request, and for the TLS handshake before it'),
    requestTimeout: seconds(300).describe('Seconds for a whole request to arrive'),
    idleTimeout: seconds(75).describe('Seconds that a connection may be silent'),
    maxRequestsPerConnection: z
      .number()
      .int()
      .min(1)
      .optional()
      .describe('Requests after which a connection is closed, so that callers spread anew; any number unless told'),
    compression: z.boolean().default(true).describe('Compresses answers of 1 KiB and more, for callers that take it'),
    docs: z
      .strictObject({
        enabled: z.boolean().default(true),
        path: z
          .string()
          .regex(/^(?:\/[\w.~-]+)+$/, 'must be a path such as /docs')
          .default('/docs')
          .describe('Of the page; what vendors offer at the same path comes first'),
      })
      .prefault({})
      .describe('The description of what is served: /openapi.json, and a page for people; anybody may read them'),
    maxConnections: z.number().int().min(1).default(20_000).describe('Connections at the same time'),
  })
  .check(({ value, issues }) => {
    if (value.tls === 'off' && !isLoopback(value.host)) {
      issues.push({
        code: 'custom',
        path: ['tls'],
        input: value.tls,
        message: `without TLS only loopback addresses may be listened on, not ${value.host}`,
      });
    }
    if ((value.tls === 'files') !== (value.certificate !== undefined && value.key !== undefined)) {
      issues.push({
        code: 'custom',
        path: ['tls'],
        input: value.tls,
        message: 'certificate and key go with tls: files, and only with it',
      });
    }
    if ((value.clientCertificate === 'none') !== (value.clientCa === undefined)) {
      issues.push({
        code: 'custom',
        path: ['clientCertificate'],
        input: value.clientCertificate,
        message: 'clientCa goes with clientCertificate: request or require, and only with them',
      });
    }
    if (value.clientCertificate !== 'none' && value.tls === 'off') {
      issues.push({
        code: 'custom',
        path: ['clientCertificate'],
        input: value.clientCertificate,
        message: 'there are no client certificates without TLS',
      });
    }
  });

export type HttpConfig = z.output<typeof config>;
