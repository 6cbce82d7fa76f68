import { type Json, z } from '../../core/plugin/index.js';

// Request documents of the operator API, after the sandbox's northbound API. Strict: an unknown key is an error, so that
// a slip of the pen is never taken for a default.

// As long as Kubernetes lets a key be, with its prefix; every label goes into the document that a device must read.
const labelKey = z.string().min(1).max(317);
const labelValue = z.string().max(256);
const labels = z.record(labelKey, labelValue);
const annotations = z.record(z.string().min(1), z.string());
/** Named, so that descriptions of the API have it once. */
export const json: z.ZodType<Json> = z
  .lazy(() => z.union([z.null(), z.boolean(), z.number(), z.string(), z.array(json), z.record(z.string(), json)]))
  .meta({ id: 'Json', description: 'Any JSON value' });
const name = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/, 'must be lower-case letters, digits, dashes and dots, at most 63');
const envelope = { apiVersion: z.string().optional(), kind: z.string().optional() };

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?\/*$/i;

const source = z
  .strictObject({
    registryUrl: z
      .string()
      .min(1)
      .refine((url) => !url.includes('@'), 'must not hold credentials; they go into authentication')
      .refine((url) => !/^http:/i.test(url) || loopback.test(url.slice('http://'.length)), {
        message:
          'can be http only on this machine; leave the scheme away: whether a registry is spoken to without TLS is for its entry in the registries of the profile to say',
      })
      .describe('host:port of the registry, with https:// or oci:// or nothing before it'),
    repository: z.string().min(1),
    tag: z.string().min(1).optional(),
    digest: z
      .string()
      .regex(/^sha256:[a-f0-9]{64}$/, 'must be "sha256:" and 64 lower-case hex digits')
      .optional(),
    authentication: z
      .discriminatedUnion('type', [
        z.strictObject({ type: z.literal('none') }),
        z.strictObject({ type: z.literal('basic'), username: z.string().min(1), password: z.string() }),
        z.strictObject({ type: z.literal('token'), token: z.string().min(1) }),
      ])
      .optional(),
  })
  .refine(({ tag, digest }) => (tag === undefined) !== (digest === undefined), 'needs exactly one of tag and digest');

export const packageRequest = z
  .strictObject({
    ...envelope,
    metadata: z.strictObject({
      name,
      namespace: z.string().optional(),
      labels: labels.optional(),
      annotations: annotations.optional(),
    }),
    spec: z.strictObject({
      sourceType: z.literal('OCI_REPO').default('OCI_REPO'),
      source,
      strict: z.boolean().optional().describe('Refuse packages that break the standard even harmlessly'),
    }),
  })
  .meta({ id: 'PackageRequest', description: 'An application package to import' });

/** A parameter's value, bare or in the sandbox's form. */
const parameter = z.union([z.looseObject({ value: json }).transform(({ value }) => value), json]);

const packageRef = z.strictObject({ id: z.string().min(1) });
/** Never empty: it would choose any device. */
const selector = z
  .record(z.string(), json)
  .refine((wanted) => Object.keys(wanted).length > 0, 'must name at least one label');
const deviceRef = z.union([z.strictObject({ id: z.string().min(1) }), z.strictObject({ labels: selector })], {
  error: 'needs either id or labels',
});
const deploymentProfile = z.looseObject({ type: z.string().optional(), id: z.string().optional() });

export const deploymentRequest = z
  .strictObject({
    ...envelope,
    metadata: z.strictObject({
      name,
      namespace: name.optional(),
      labels: labels.optional(),
      annotations: annotations.optional(),
    }),
    spec: z.strictObject({
      appPackageRef: packageRef,
      deviceRef,
      deploymentProfile: deploymentProfile.optional(),
      parameters: z.record(z.string(), parameter).optional(),
    }),
  })
  .meta({ id: 'DeploymentRequest', description: 'A deployment as it shall be' });

/** Merged into what is there (RFC 7396): null removes a label or a parameter. */
export const deploymentUpdate = z
  .strictObject({
    ...envelope,
    metadata: z
      .strictObject({
        name: name.optional(),
        namespace: name.optional(),
        labels: z.record(labelKey, labelValue.nullable()).optional(),
        annotations: annotations.optional(),
      })
      .optional(),
    spec: z.strictObject({
      appPackageRef: packageRef.optional(),
      deviceRef: deviceRef.optional(),
      deploymentProfile: deploymentProfile.optional(),
      parameters: z.record(z.string(), parameter).optional(),
    }),
  })
  .meta({ id: 'DeploymentUpdate', description: 'What shall be different about a deployment; null removes' });

/** As text where the way to the host has no types: in a query, `?force` alone is true. */
const flag = z.union([
  z.boolean(),
  z.enum(['true', 'false', '1', '0', '']).transform((text) => text !== 'false' && text !== '0'),
]);

export const force = { force: flag.optional() };
export const paging = {
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  continue: z.string().min(1).optional(),
};
export const id = z.string().min(1);
