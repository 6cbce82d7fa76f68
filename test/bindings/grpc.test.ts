import { join } from 'node:path';
import type { HostStatus } from '../../core/host/status.js';
import { bindingSubjects } from '../../core/testing/index.js';
import { GrpcTransport } from '../../providers/transport/grpc/index.js';
import grpc from '../../vendors/grpc/index.js';
import { holds } from './holds.js';

/** What the health service looks at. */
const host: HostStatus = {
  profile: 'kit',
  version: '0.0.0',
  phase: () => 'ready',
  entries: () => [],
  addresses: () => [],
  operations: () => [],
};

const lacks = { 'unknown-fields': 'a typed message has the fields of its type' };

holds(
  'over gRPC',
  bindingSubjects(grpc, {
    uses: { host },
    lacks,
    config: { tls: 'off', port: 0 },
    connect: (address) => new GrpcTransport({ url: address }),
    again: (address) => ({ tls: 'off', port: Number(new URL(address).port) }),
  }),
);

holds(
  'over gRPC and TLS',
  bindingSubjects(grpc, {
    uses: { host },
    lacks,
    config: { port: 0 },
    connect: (address, dataDir) => new GrpcTransport({ url: address, ca: join(dataDir, 'pki', 'ca.crt') }),
    again: (address) => ({ port: Number(new URL(address).port) }),
  }),
);
