import { checkListening, clientCertificate, listening, portNumber } from '../../core/listening/index.js';
import { z } from '../../core/plugin/index.js';

const seconds = (value: number) => z.number().positive().max(86_400).default(value);

export const config = z
  .strictObject({
    ...listening({ port: portNumber.default(9443).describe('0 takes any free port') }),
    clientCertificate,
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
    maxStreams: z
      .number()
      .int()
      .min(1)
      .default(10_000)
      .describe('Streams of operations at the same time, of all callers'),
    maxConcurrentStreams: z.number().int().min(1).default(1000).describe('Calls at the same time on one connection'),
  })
  .check(checkListening);

export type GrpcConfig = z.output<typeof config>;
