import { join } from 'node:path';
import { bindingSubjects } from '../../core/testing/index.js';
import { GrpcTransport } from '../../providers/transport/grpc/index.js';
import grpc from '../../vendors/grpc/index.js';
import { holds } from './holds.js';

/** A binding tells where it is as a URL of what lies below gRPC. */
const grpcUrl = (address: string): string => address.replace(/^http/, 'grpc');

holds(
  'over gRPC',
  bindingSubjects(grpc, {
    config: { tls: 'off', port: 0 },
    connect: (address) => new GrpcTransport({ url: grpcUrl(address) }),
    again: (address) => ({ tls: 'off', port: Number(new URL(address).port) }),
  }),
);

holds(
  'over gRPC and TLS',
  bindingSubjects(grpc, {
    config: { port: 0 },
    connect: (address, dataDir) => new GrpcTransport({ url: grpcUrl(address), ca: join(dataDir, 'pki', 'ca.crt') }),
    again: (address) => ({ port: Number(new URL(address).port) }),
  }),
);
