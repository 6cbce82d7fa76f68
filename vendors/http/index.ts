import { defineBinding } from '../../core/plugin/index.js';
import { config } from './config.js';
import { HttpBinding, uses } from './server.js';

export * from './mount.js';

export default defineBinding({
  type: 'binding.http',
  version: '1.0.0',
  summary: 'Operations over HTTP/1.1: JSON, exact representations, server-sent events, RFC 9457 problems',
  needs: {
    network: 'Listens on the address and port of its config',
    files: 'Reads the certificate, key and CA files of its config',
  },
  config,
  uses,
  create: (context) => new HttpBinding(context),
});
