import { defineProvider, Transport, z } from '../../../core/plugin/index.js';
import { addressFault } from './address.js';
import { HttpTransport } from './transport.js';

export { type HttpTransportOptions, httpTransport } from './transport.js';

export default defineProvider({
  port: Transport,
  type: 'transport.http',
  version: '1.0.0',
  summary: 'Calls a host over HTTP/1.1 and TLS',
  needs: {
    network: 'Connects to the host at the url of its config',
    files: 'Reads the certificate, key and CA files of its config',
  },
  config: z
    .strictObject({
      url: z
        .string()
        .check(({ value, issues }) => {
          const fault = addressFault(value);
          if (fault !== undefined) issues.push({ code: 'custom', path: [], input: value, message: fault });
        })
        .describe('Address of the host, with the path that a proxy puts before it; http:// on this machine only'),
      ca: z
        .string()
        .optional()
        .describe("PEM file of the CA that signed the host's certificate; those of the system unless told"),
      certificate: z
        .string()
        .optional()
        .describe('PEM file of a client certificate to show, the chain included; none unless told'),
      key: z.string().optional().describe('PEM file of its key'),
      maxConnections: z
        .int()
        .min(1)
        .max(10_000)
        .default(8)
        .describe('Connections at the same time; each stream has one of its own beside them'),
      silenceSeconds: z
        .number()
        .positive()
        .max(3600)
        .default(60)
        .describe('A stream on which nothing at all came for this time counts as broken'),
    })
    .refine(({ certificate, key }) => (certificate === undefined) === (key === undefined), {
      message: 'certificate and key go together',
      path: ['certificate'],
    }),
  create: ({ config: { url, silenceSeconds, maxConnections, ...files }, clock, resolvePath }) => {
    const resolved = (file: string | undefined): string | undefined =>
      file === undefined ? undefined : resolvePath(file);
    return new HttpTransport({
      url,
      ca: resolved(files.ca),
      certificate: resolved(files.certificate),
      key: resolved(files.key),
      maxConnections,
      silence: silenceSeconds * 1000,
      now: () => clock.now(),
    });
  },
});
