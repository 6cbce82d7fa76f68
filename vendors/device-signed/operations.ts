import { anyone, defineOperation, ownDevice, problems, secret, z } from '../../core/plugin/index.js';
import { mediaTypes } from '../../managers/margo/media-types.js';
import { challenge, missing } from './problems.js';

// The shapes of the device API (workload management API of the signed dialect: preview 1 and early rc.2).
// Documents are taken as they are and read by managers/margo, which is tolerant where the wild is.

const clientId = z.string().min(1);
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be "sha256:" and 64 lower-case hex digits');
const document = z.unknown();
const own = ownDevice<{ readonly clientId: string }>((input) => input.clientId);
const client = '/clients/{clientId}';

export const certificate = defineOperation({
  id: 'onboarding.certificate',
  summary: 'The CA certificate that the server certificate chains to',
  input: z.object({}),
  output: { kind: 'value', schema: z.object({ certificate: z.string() }) },
  problems: [problems.notFound, problems.unavailable],
  access: anyone,
  idempotency: 'safe',
  http: { method: 'GET', path: '/onboarding/certificate' },
});

/** Signed with the key of the certificate that it carries, so it is verified by the handler. */
export const onboard = defineOperation({
  id: 'onboarding.onboard',
  summary: 'Presents a device certificate and gets the client id',
  input: z.looseObject({ certificate: z.string().optional(), public_certificate: z.string().optional() }),
  output: { kind: 'value', schema: z.object({ clientId: z.string() }) },
  problems: [problems.invalidRequest, problems.notAuthorized, problems.conflict, problems.tooManyRequests],
  access: { ...anyone, rule: 'whoever has the key of the certificate', challenges: [challenge] },
  idempotency: 'idempotent',
  bodyLimit: 64 * 1024,
  http: { method: 'POST', path: '/onboarding' },
});

const capabilities = {
  summary: 'Reports what a device can do',
  input: z.object({ clientId, deviceId: z.string().optional(), document }),
  output: { kind: 'value', schema: z.object({}) },
  problems: [problems.invalidRequest, problems.semanticError, missing.gateway, problems.tooManyRequests],
  access: own,
  idempotency: 'idempotent',
  bodyLimit: 256 * 1024,
} as const;
const capabilitiesPath = {
  path: `${client}/capabilities`,
  aliases: [`${client}/capabilities/{deviceId+}`],
  body: 'document',
} as const;

export const reportCapabilities = defineOperation({
  ...capabilities,
  id: 'capabilities.report',
  http: { method: 'POST', ...capabilitiesPath },
});

export const replaceCapabilities = defineOperation({
  ...capabilities,
  id: 'capabilities.replace',
  http: { method: 'PUT', ...capabilitiesPath },
});

export const withdrawCapabilities = defineOperation({
  id: 'capabilities.withdraw',
  summary: 'Says that a device is gone',
  input: z.object({ clientId, deviceId: z.string() }),
  output: { kind: 'empty' },
  problems: [missing.device],
  access: own,
  idempotency: 'idempotent',
  http: { method: 'DELETE', path: `${client}/capabilities/{deviceId+}` },
});

export const manifest = defineOperation({
  id: 'deployments.manifest',
  summary: 'The desired state of a client',
  input: z.object({ clientId }),
  output: { kind: 'representation', mediaTypes: [mediaTypes.manifest] },
  problems: [],
  access: own,
  idempotency: 'safe',
  http: { method: 'GET', path: `${client}/deployments` },
});

/**
 * Ours: the standard has devices poll. What comes says only that there is something to poll for, so that nothing of the
 * desired state is ever taken from here.
 */
export const changes = defineOperation({
  id: 'deployments.changes',
  summary: 'Versions of the desired state as they come: the present one unless it was seen, then each new one',
  input: z.object({ clientId }),
  output: { kind: 'stream', schema: z.object({ etag: z.string(), version: z.int() }) },
  problems: [],
  access: own,
  idempotency: 'safe',
  http: { method: 'GET', path: `${client}/deployments/changes` },
});

export const deployment = defineOperation({
  id: 'deployments.deployment',
  summary: 'One deployment of the desired state, by digest',
  input: z.object({ clientId, deploymentId: z.string(), digest }),
  output: { kind: 'representation', mediaTypes: [mediaTypes.deployment] },
  problems: [problems.invalidRequest, missing.deployment],
  access: own,
  idempotency: 'safe',
  http: { method: 'GET', path: `${client}/deployments/{deploymentId}/{digest}` },
});

export const bundle = defineOperation({
  id: 'deployments.bundle',
  summary: 'All deployments of the desired state in one archive, by digest',
  input: z.object({ clientId, digest }),
  output: { kind: 'representation', mediaTypes: [mediaTypes.bundle] },
  problems: [problems.invalidRequest, missing.bundle],
  access: own,
  idempotency: 'safe',
  http: { method: 'GET', path: `${client}/bundles/{digest}` },
});

export const reportStatus = defineOperation({
  id: 'deployments.status',
  summary: 'Reports how a deployment is',
  input: z.object({ clientId, deploymentId: z.string(), document }),
  output: { kind: 'value', schema: z.object({}) },
  problems: [problems.invalidRequest, problems.semanticError, missing.deployment],
  access: own,
  idempotency: 'idempotent',
  bodyLimit: 256 * 1024,
  http: {
    method: 'POST',
    path: `${client}/deployments/{deploymentId}/status`,
    // The first preview's diagrams and its oldest server have the singular.
    aliases: [`${client}/deployment/{deploymentId}/status`],
    body: 'document',
  },
});

/**
 * Ours: the standard leaves it open how a device comes by what it pulls with. Every call makes new passwords, so it is not
 * safe to repeat for the one who holds the older ones; that is the device itself.
 */
export const pullCredentials = defineOperation({
  id: 'credentials.issue',
  summary: 'New credentials with which the device pulls; its former ones count no more',
  input: z.object({ clientId }),
  output: {
    kind: 'value',
    schema: z.object({
      credentials: z.array(
        z.object({
          registry: z.string().describe('Host and port as image references write them'),
          username: z.string(),
          password: secret(z.string()),
          expiresAt: z.int().optional().describe('Milliseconds since the epoch; absent: it does not expire'),
        }),
      ),
    }),
  },
  problems: [problems.notFound, problems.unavailable],
  access: own,
  idempotency: 'idempotent',
  bodyLimit: 1024,
  http: { method: 'POST', path: `${client}/pull-credentials` },
});
