import { readFile } from 'node:fs/promises';
import { defineProvider } from '../../../core/plugin/index.js';
import { Transport } from '../../../core/ports/index.js';
import { parseLock } from '../../../vendors/grpc/wire/index.js';
import { config } from './settings.js';
import { GrpcTransport } from './transport.js';

export type { GrpcTransportSettings } from './settings.js';
export { type GrpcLine, GrpcTransport, grpcTransport } from './transport.js';

export default defineProvider({
  port: Transport,
  type: 'transport.grpc',
  version: '1.0.0',
  summary: 'Calls a host over gRPC',
  needs: {
    network: 'Connects to the host at the url of its config',
    files: 'Reads the certificate, key, CA and field number files of its config',
  },
  config,
  create: ({ config: { numbers, ca, certificate, key, url }, log, resolvePath }) => {
    const path = (name: string | undefined): string | undefined => (name === undefined ? undefined : resolvePath(name));
    const transport = new GrpcTransport({
      url,
      ca: path(ca),
      certificate: path(certificate),
      key: path(key),
      numbers: async () => {
        if (numbers === undefined) return {};
        const file = resolvePath(numbers);
        return parseLock(await readFile(file, 'utf8'), file);
      },
      onFault: (fault) => log.warn('the new certificates cannot be used; those before stay', { error: fault }),
    });
    return {
      address: transport.address,
      call: (call) => transport.call(call),
      close: () => transport.close(),
      stop: () => transport.close(),
    };
  },
});
