import { join } from 'node:path';
import { bindingSubjects } from '../../core/testing/index.js';
import { httpTransport } from '../../providers/transport/http/index.js';
import http from '../../vendors/http/index.js';
import { holds } from './holds.js';

holds(
  'over HTTP',
  bindingSubjects(http, {
    config: { tls: 'off', port: 0 },
    connect: (url) => httpTransport({ url }),
    again: (address) => ({ tls: 'off', port: Number(new URL(address).port) }),
  }),
);

holds(
  'over HTTP and TLS',
  bindingSubjects(http, {
    config: { port: 0 },
    connect: (url, dataDir) => httpTransport({ url, ca: join(dataDir, 'pki', 'ca.crt') }),
    again: (address) => ({ port: Number(new URL(address).port) }),
  }),
);
