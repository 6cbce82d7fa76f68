import { z } from '../../../core/plugin/index.js';
import { registryLogin } from '../../shared/logins/index.js';
import { helmConfig } from './helm/config.js';
import { permissions } from './permissions.js';

const otlp = z.strictObject({
  http: z.url().describe('OTLP over HTTP, as pods reach it: HTTP_OTEL_EXPORTER_OTLP_ENDPOINT'),
  grpc: z.string().optional().describe('OTLP over gRPC: GRPC_OTEL_EXPORTER_OTLP_ENDPOINT'),
  certificate: z.string().optional().describe('Path in the containers of a PEM file: OTEL_EXPORTER_OTLP_CERTIFICATE'),
  protocol: z.enum(['grpc', 'http/protobuf']).default('http/protobuf').describe('What the endpoint speaks'),
});

/** A name that Kubernetes takes for a namespace (RFC 1123 label). */
const namespaceName = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);

const namespaces = z.strictObject({
  fallback: namespaceName.default('default').describe('Namespace of deployments that name none'),
  allow: z
    .array(namespaceName)
    .optional()
    .describe("Namespaces that deployments may be in; all but Kubernetes' own (`kube-...`) unless told"),
  create: z
    .boolean()
    .default(true)
    .describe('Make a namespace that is missing, and remove it again when nothing is in it any more'),
});

export const k3sConfig = z
  .strictObject({
    kubeconfig: z
      .string()
      .optional()
      .describe(
        "File that says where the cluster is and who we are; else the environment's KUBECONFIG; else, in a pod, its service account; else /etc/rancher/k3s/k3s.yaml",
      ),
    context: z.string().min(1).optional().describe('Context of the kubeconfig; its current one unless told'),
    ca: z
      .string()
      .optional()
      .describe(
        "PEM file of the authority that the API server's certificate is from; as the kubeconfig has it unless told",
      ),
    answerSeconds: z
      .int()
      .min(1)
      .default(30)
      .describe('Seconds without a byte after which an answer of the API server counts as failed'),
    owner: z
      .string()
      .max(63)
      .regex(/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/)
      .default('tutti')
      .describe('Marks what is ours; two agents on one cluster need two of them'),
    deploymentTypes: z
      .array(z.enum(['custom', 'helm']))
      .min(1)
      .optional()
      .describe('Which it runs: `helm` charts, `custom` components of plain manifests. Both unless told'),
    namespaces: namespaces.prefault({}),
    allow: z
      .array(z.enum(permissions))
      .default([])
      .describe('What a component of plain manifests may have beyond ordinary workloads in its namespace'),
    force: z
      .boolean()
      .default(false)
      .describe('Take over fields of our own objects that others have set since (kubectl, an autoscaler)'),
    helm: helmConfig.prefault({}),
    registries: z
      .array(registryLogin)
      .default([])
      .describe('Credentials for image pulls, given to pods as pull secrets'),
    otlp: otlp.optional().describe('The collector that every container is told of'),
    parallel: z.int().min(1).max(64).default(4).describe('Components worked on at the same time'),
    settle: z
      .int()
      .min(0)
      // A kubelet looks at its containers once a second, and tells later what it has seen.
      .default(3_000)
      .describe('Milliseconds that pods without a readiness probe must have run to count as started'),
    artifactBytes: z
      .int()
      .min(1)
      .default(8 * 1024 * 1024)
      .describe('Largest component of plain manifests, in bytes'),
  })
  .describe('Runs helm charts and plain manifests on k3s or another Kubernetes');

export type K3sConfig = z.output<typeof k3sConfig>;
