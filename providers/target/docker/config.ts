import { z } from '../../../core/plugin/index.js';
import { registryLogin } from '../../shared/logins/index.js';
import { permissions } from './permissions.js';

const otlp = z.strictObject({
  http: z.url().describe('OTLP over HTTP, as containers reach it: HTTP_OTEL_EXPORTER_OTLP_ENDPOINT'),
  grpc: z.string().optional().describe('OTLP over gRPC: GRPC_OTEL_EXPORTER_OTLP_ENDPOINT'),
  certificate: z.string().optional().describe('Path in the containers of a PEM file: OTEL_EXPORTER_OTLP_CERTIFICATE'),
  protocol: z.enum(['grpc', 'http/protobuf']).default('http/protobuf').describe('What the endpoint speaks'),
});

export const dockerConfig = z
  .strictObject({
    socket: z
      .string()
      .optional()
      .describe("The engine's socket; else `host`; else the environment's DOCKER_HOST; else /var/run/docker.sock"),
    host: z
      .string()
      .regex(/^tcp:\/\/[^/]+$/, 'expected tcp://HOST:PORT')
      .optional()
      .describe('An engine that listens on TCP instead: `tcp://10.0.0.5:2376`. Without TLS whoever reaches it owns it'),
    certificates: z
      .string()
      .optional()
      .describe('Folder with ca.pem, cert.pem and key.pem, for an engine that listens on TLS; read at each connection'),
    timeout: z
      .int()
      .min(1)
      .default(60_000)
      .describe('Milliseconds that the engine may take to answer; not for pulls and starts'),
    compose: z.string().optional().describe('Path of a Compose v2 program; `docker compose` unless told'),
    owner: z
      .string()
      .regex(/^[A-Za-z0-9._-]+$/)
      .default('tutti')
      .describe('Marks what is ours; two agents on one engine need two of them'),
    allow: z.array(z.enum(permissions)).default([]).describe('What a component may have beyond an ordinary container'),
    registries: z.array(registryLogin).default([]).describe('Credentials for image pulls'),
    otlp: otlp.optional().describe('The collector that every container is told of'),
    parallel: z.int().min(1).max(64).default(4).describe('Applications worked on at the same time'),
    retryUpdate: z
      .int()
      .min(0)
      .default(3_600_000)
      .describe(
        'Milliseconds until an update that was taken back is tried again; a changed deployment is tried at once',
      ),
    prune: z
      .enum(['off', 'after-success'])
      .default('after-success')
      .describe('Whether images that this target pulled go once nothing uses them, the last good revision included'),
    settle: z
      .int()
      .min(0)
      .default(1_000)
      .describe('Milliseconds that a container without a health check must have run to count as started'),
    archiveBytes: z
      .int()
      .min(1)
      .default(256 * 1024 * 1024)
      .describe('Largest component archive when unpacked, in bytes'),
  })
  .refine(({ socket, host }) => socket === undefined || host === undefined, {
    error: 'only one of socket and host can be used',
    path: ['host'],
  })
  .refine(({ host, certificates }) => certificates === undefined || host !== undefined, {
    error: 'certificates are for an engine at a `host`',
    path: ['certificates'],
  })
  .describe('Runs compose components on a Docker engine');

export type DockerConfig = z.output<typeof dockerConfig>;
