import { HostStatus } from '../../core/host/status.js';
import { defineBinding, optional } from '../../core/plugin/index.js';
import { config } from './config.js';
import { GrpcBinding } from './server.js';

export default defineBinding({
  type: 'binding.grpc',
  version: '1.0.0',
  summary: 'Operations over gRPC: typed services, server streams, problems as google.rpc.Status, reflection, health',
  needs: {
    network: 'Listens on the address and port of its config',
    files: 'Reads the certificate, key, CA and field number files of its config',
  },
  config,
  uses: { host: optional(HostStatus) },
  create: (context) => new GrpcBinding(context),
});
