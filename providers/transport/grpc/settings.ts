import { isLoopback } from '../../../core/operation/index.js';
import { z } from '../../../core/plugin/index.js';

export const config = z
  .strictObject({
    url: z.string().describe('grpcs://host:port of the host; grpc://host:port without TLS, on this machine only'),
    ca: z
      .string()
      .optional()
      .describe(
        "PEM file of the CA that signed the host's certificate, the system's CAs unless told; taken up anew when it changes",
      ),
    certificate: z.string().optional().describe('PEM file of a client certificate, where the host asks for one'),
    key: z.string().optional().describe('PEM file of its key'),
    numbers: z
      .string()
      .optional()
      .describe('JSON file with the field numbers of operations from plugins, as "tutti proto --lock" writes it'),
  })
  .check(({ value, issues }) => {
    const fault = (path: keyof typeof value, message: string): void => {
      issues.push({ code: 'custom', path: [path], input: value[path], message });
    };
    const told = urlFault(value.url);
    if (told !== undefined) fault('url', told);
    if ((value.certificate === undefined) !== (value.key === undefined)) {
      fault(value.certificate === undefined ? 'key' : 'certificate', 'certificate and key go together');
    }
    if (value.url.startsWith('grpc:') && (value.ca !== undefined || value.certificate !== undefined)) {
      fault('url', 'certificates need TLS; take grpcs://');
    }
  });

export type GrpcTransportSettings = z.output<typeof config>;

export function urlFault(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^grpcs?:$/.test(url.protocol) || url.hostname === '') {
    return `expected grpcs://host:port, found ${JSON.stringify(text)}`;
  }
  if (url.pathname.length > 1 || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') {
    return 'has a host and a port only; credentials go elsewhere';
  }
  if (url.protocol === 'grpc:' && !isLoopback(hostOf(url))) {
    return `without TLS only this machine may be called, not ${url.hostname}; take grpcs://`;
  }
  return undefined;
}

/** Without the brackets of IPv6. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
