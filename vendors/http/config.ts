import { checkListening, clientCertificate, listening, portNumber } from '../../core/listening/index.js';
import { z } from '../../core/plugin/index.js';

const seconds = (value: number) => z.number().positive().max(3600).default(value);

export const config = z
  .strictObject({
    ...listening({ port: portNumber.default(8443).describe('0 takes any free port') }),
    clientCertificate,
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
        enabled: z.boolean().default(true).describe('Whether it is served'),
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
  .check(checkListening);

export type HttpConfig = z.output<typeof config>;
