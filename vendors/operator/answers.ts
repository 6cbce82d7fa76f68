import { roles, secret, z } from '../../core/plugin/index.js';
import { json } from './documents.js';

// Documents that the operator API answers, after the sandbox's northbound API. Not strict: whoever reads one passes over
// members that it does not know, so that a host may be newer than its callers.

const apiVersion = z.literal('non-margo.org');
const time = z.string().describe('RFC 3339, UTC');
const uuid = z.string().describe('UUID');
const digest = z.string().describe('"sha256:" and 64 lower-case hex digits');
const labels = z.record(z.string(), z.string());
const operationStatus = z.enum(['PENDING', 'PROCESSING', 'COMPLETED', 'FAILED']);

const finding = z
  .object({
    path: z.string().describe('Where in the document: `deploymentProfiles[0].id`; empty: all of it'),
    line: z.int().optional().describe('Of margo.yaml, from 1; absent where there is no text'),
    column: z.int().optional().describe('From 1; absent like the line'),
    message: z.string().describe('What is wrong and what was expected, in one sentence'),
    code: z.string().describe('For programs: `missing`, `wrong-type`, `unknown-key`, ...'),
  })
  .meta({ id: 'Finding', description: 'One thing that is wrong with a document' });

const scan = z.object({
  status: z.enum(['queued', 'running', 'succeeded', 'failed', 'stopped']),
  severity: z.string().optional().describe("The worst that was found, in the scanner's words"),
  vulnerabilities: z.object({ total: z.int(), fixable: z.int(), bySeverity: z.record(z.string(), z.int()) }).optional(),
  scanner: z.string().optional().describe('Name and version'),
  finishedAt: time.optional(),
});

const upstream = z
  .object({
    there: z.boolean().describe('Whether the registry still has the package'),
    checkedAt: time,
    scan: scan
      .optional()
      .describe("What the registry's scanner found; absent where it has none, or has not looked yet"),
  })
  .meta({ id: 'Upstream', description: 'What a registry says of a package that came from it' });

export const packageAnswer = z
  .object({
    apiVersion,
    kind: z.literal('ApplicationPackage'),
    id: uuid,
    metadata: z.object({ id: uuid, name: z.string(), labels, creationTimestamp: time }),
    spec: z.object({
      sourceType: z.literal('OCI_REPO'),
      source: z.object({
        registryUrl: z.string().describe('host:port'),
        repository: z.string(),
        tag: z.string().optional().describe('Either this or a digest'),
        digest: digest.optional(),
      }),
      strict: z.boolean().describe('Whether what breaks the standard even harmlessly is refused'),
    }),
    application: z
      .object({
        id: z.string(),
        name: z.string(),
        version: z.string(),
        description: z.string().optional(),
        profiles: z.array(
          z.object({
            id: z.string(),
            type: z.enum(['helm', 'compose', 'custom']),
            components: z.array(z.string()).describe('Names, in the order of installation'),
          }),
        ),
        parameters: z.record(z.string(), json).describe('Name to default; null where there is none'),
      })
      .optional()
      .describe('What the package says of itself, once it has been read'),
    digest: digest.optional().describe("Of the package's manifest, once it has been resolved"),
    upstream: upstream.optional().describe('What the registry said when it was asked last'),
    recentOperation: z.object({ op: z.literal('ONBOARD'), status: operationStatus }),
    status: z.object({
      state: z.enum(['PENDING', 'ONBOARDED', 'FAILED']),
      contextualInfo: z
        .object({ code: z.literal('IMPORT_FAILED'), message: z.string() })
        .optional()
        .describe('Why the import failed'),
      faults: z.array(finding).describe('Why the package cannot be deployed'),
      warnings: z.array(finding).describe('What breaks the standard without harm'),
      lastUpdateTime: time,
    }),
  })
  .meta({ id: 'Package', description: 'One imported version of an application' });

const reportedError = z
  .object({ code: z.string(), source: z.string(), message: z.string() })
  .meta({ id: 'ReportedError', description: 'What a device says went wrong' });

export const deploymentAnswer = z
  .object({
    apiVersion,
    kind: z.literal('ApplicationDeployment'),
    id: uuid,
    metadata: z.object({
      id: uuid,
      name: z.string(),
      namespace: z.string(),
      labels,
      creationTimestamp: time,
      revision: z.int().optional().describe('Of the record, where it was read; If-Match compares it'),
    }),
    spec: z.object({
      appPackageRef: z.object({ id: uuid }),
      applicationId: z.string(),
      version: z.string().describe('Of the application'),
      deviceRef: z.object({ id: z.string().describe('Client id of the device') }),
      deviceId: z.string().describe("Which of the client's devices"),
      deploymentProfile: z.object({ id: z.string() }),
      parameters: z.record(z.string(), json).describe('As the operator gave them, before defaults'),
    }),
    recentOperation: z.object({ op: z.enum(['DEPLOY', 'UPDATE', 'DELETE']), status: operationStatus }),
    status: z.object({
      state: z.enum(['PENDING', 'INSTALLING', 'INSTALLED', 'UPDATING', 'REMOVING', 'REMOVED', 'FAILED']),
      components: z
        .array(
          z.object({
            name: z.string(),
            state: z.enum(['pending', 'installing', 'installed', 'failed', 'removing', 'removed']),
            error: reportedError.optional(),
          }),
        )
        .describe('As the device reported them; none before its first report'),
      error: reportedError.optional(),
      lastReportTime: time.optional(),
      lastUpdateTime: time,
    }),
  })
  .meta({ id: 'Deployment', description: 'A package on a device, with parameters' });

export const deviceAnswer = z
  .object({
    apiVersion,
    kind: z.literal('Device'),
    id: z.string().describe('Client id, given when the device was onboarded'),
    metadata: z.object({ id: z.string(), name: z.string(), creationTimestamp: time }),
    eligible: z.enum(['true', 'false', 'unknown']).describe('Whether it can run the package that was asked about'),
    reasons: z.array(z.string()).describe('Why it is not eligible'),
    spec: z.object({
      fingerprint: z.string().describe('SHA-256 of its certificate, hex'),
      form: z.enum(['D1', 'D2']).describe('In which it is answered'),
      capabilities: z.array(z.record(z.string(), json)).describe('As reported, its own and those of devices below it'),
    }),
    state: z.object({
      onboard: z.enum(['IN-PROGRESS', 'ONBOARDED', 'FAILED']),
      approval: z.enum(['PENDING', 'ONBOARDED', 'REJECTED', 'REVOKED']),
      lastSeen: time.optional().describe('RFC 3339, UTC; absent if never since it was onboarded'),
      connected: z.boolean().describe('Whether it holds a line open to this host, and hears of changes at once'),
    }),
  })
  .meta({ id: 'Device', description: 'A client of the fleet manager, and the devices that it reported' });

export const resynchronised = z
  .object({ id: z.string().describe('Client id'), manifestVersion: z.int() })
  .meta({ id: 'Resynchronised', description: 'The manifest version that a device gets from now on' });

const milliseconds = z.int().describe('Milliseconds since the epoch');

export const tokenAnswer = z
  .object({
    id: z.string().describe('Public part of the token'),
    name: z.string(),
    role: z.enum(roles),
    createdAt: milliseconds,
    expiresAt: milliseconds.optional().describe('Milliseconds since the epoch; absent: it has no end'),
  })
  .meta({ id: 'Token', description: 'An API token, without its secret' });

export const issuedToken = tokenAnswer
  .extend({ token: secret(z.string().describe('The token itself, shown this once')) })
  .meta({ id: 'IssuedToken', description: 'A new API token with its secret' });

const listMetadata = z
  .object({
    continue: z.string().optional().describe('Asks for the next page; absent on the last one'),
    total: z.int().describe('How many there are on all pages'),
  })
  .meta({ id: 'ListMetadata', description: 'Where a page stands in its list' });

export const packageList = z
  .object({ apiVersion, items: z.array(packageAnswer), metadata: listMetadata })
  .meta({ id: 'PackageList', description: 'One page of packages' });
export const deploymentList = z
  .object({ apiVersion, items: z.array(deploymentAnswer), metadata: listMetadata })
  .meta({ id: 'DeploymentList', description: 'One page of deployments' });
export const deviceList = z
  .object({ apiVersion, items: z.array(deviceAnswer), metadata: listMetadata })
  .meta({ id: 'DeviceList', description: 'One page of devices' });
export const tokenList = z
  .object({ apiVersion, items: z.array(tokenAnswer), metadata: listMetadata })
  .meta({ id: 'TokenList', description: 'All API tokens' });

const offerMetadata = z
  .object({ continue: z.string().optional().describe('Asks for the next page; absent on the last one') })
  .meta({ id: 'OfferMetadata', description: 'Where a page stands in what a registry lists' });

export const repositoryList = z
  .object({ apiVersion, items: z.array(z.object({ repository: z.string() })), metadata: offerMetadata })
  .meta({ id: 'RepositoryList', description: 'One page of the repositories of a registry' });
export const artifactList = z
  .object({
    apiVersion,
    items: z.array(
      z.object({
        digest: z.string().optional().describe('Absent where a tag leads to several artifacts'),
        tags: z.array(z.string()),
        size: z.int().optional().describe('Bytes, with all that it is made of'),
        scan: scan.optional(),
      }),
    ),
    metadata: offerMetadata,
  })
  .meta({ id: 'ArtifactList', description: 'One page of what is in a repository' });

export type RepositoryItem = z.output<typeof repositoryList>['items'][number];
export type ArtifactItem = z.output<typeof artifactList>['items'][number];
export type PackageAnswer = z.output<typeof packageAnswer>;
export type DeploymentAnswer = z.output<typeof deploymentAnswer>;
export type DeviceAnswer = z.output<typeof deviceAnswer>;
export type TokenAnswer = z.output<typeof tokenAnswer>;
