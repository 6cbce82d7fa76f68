import { atLeast, defineOperation, problems, roles, z } from '../../core/plugin/index.js';
import { longestLifetimeSeconds } from '../../managers/access/index.js';
import {
  artifactList,
  deploymentAnswer,
  deploymentList,
  deviceAnswer,
  deviceList,
  issuedToken,
  packageAnswer,
  packageList,
  repositoryList,
  resynchronised,
  tokenAnswer,
  tokenList,
} from './answers.js';
import { deploymentRequest, deploymentUpdate, force, id, packageRequest, paging } from './documents.js';

// Northbound: packages, deployments, devices, tokens. Paths after the sandbox's API; `deployments` and `packages` are
// short for its `app-deployments` and `app-packages`.

const value = <S extends z.ZodType>(schema: S) => ({ kind: 'value', schema }) as const;
const viewer = { access: atLeast('viewer'), idempotency: 'safe', problems: [problems.notFound] } as const;
const operator = {
  access: atLeast('operator'),
  idempotency: 'once',
  problems: [problems.notFound, problems.conflict, problems.semanticError, problems.preconditionFailed],
} as const;
const admin = { ...operator, access: atLeast('admin') } as const;
const byId = z.strictObject({ id });
const packages = (rest = '') => ({ path: `/app-packages${rest}`, aliases: [`/packages${rest}`] });
const deployments = (rest = '') => ({ path: `/app-deployments${rest}`, aliases: [`/deployments${rest}`] });

export const importPackage = defineOperation({
  ...operator,
  id: 'packages.import',
  summary: 'Imports an application package from a registry',
  input: z.strictObject({ document: packageRequest }),
  output: value(packageAnswer),
  http: { method: 'POST', ...packages(), body: 'document' },
});
export const listPackages = defineOperation({
  ...viewer,
  id: 'packages.list',
  summary: 'Application packages, page by page',
  input: z
    .strictObject({ ...paging, applicationId: z.string().optional(), name: id.optional() })
    .refine(({ name, applicationId }) => name === undefined || applicationId === undefined, {
      path: ['name'],
      message: 'cannot be asked for together with applicationId',
    }),
  output: value(packageList),
  http: { method: 'GET', ...packages(), query: ['limit', 'continue', 'applicationId', 'name'] },
});
export const getPackage = defineOperation({
  ...viewer,
  id: 'packages.get',
  summary: 'One application package, with what was found wrong with it',
  input: byId,
  output: value(packageAnswer),
  http: { method: 'GET', ...packages('/{id}') },
});
export const deletePackage = defineOperation({
  ...operator,
  id: 'packages.delete',
  summary: 'Removes an application package from the catalog',
  input: z.strictObject({ id, ...force }),
  output: value(packageAnswer),
  http: { method: 'DELETE', ...packages('/{id}'), query: ['force'] },
});

const registry = z.string().min(1).describe('host:port of a registry that the profile names');
const looking = {
  ...viewer,
  access: atLeast('operator'),
  problems: [problems.notFound, problems.semanticError],
} as const;
export const listRepositories = defineOperation({
  ...looking,
  id: 'registry.repositories',
  summary: 'Repositories of a registry, page by page, as far as it tells',
  input: z.strictObject({ ...paging, registry }),
  output: value(repositoryList),
  http: { method: 'GET', path: '/registry/repositories', query: ['limit', 'continue', 'registry'] },
});
export const listArtifacts = defineOperation({
  ...looking,
  id: 'registry.artifacts',
  summary: 'What is in a repository of a registry, page by page, with what its scanner found',
  input: z.strictObject({ ...paging, registry, repository: z.string().min(1) }),
  output: value(artifactList),
  http: { method: 'GET', path: '/registry/artifacts', query: ['limit', 'continue', 'registry', 'repository'] },
});

export const createDeployment = defineOperation({
  ...operator,
  id: 'deployments.create',
  summary: 'Deploys a package to a device, by id or by labels',
  input: z.strictObject({ document: deploymentRequest }),
  output: value(deploymentAnswer),
  http: { method: 'POST', ...deployments(), body: 'document' },
});
export const listDeployments = defineOperation({
  ...viewer,
  id: 'deployments.list',
  summary: 'Deployments, page by page',
  input: z
    .strictObject({
      ...paging,
      deviceId: z.string().optional(),
      appPackageId: z.string().optional(),
      name: id.optional(),
      namespace: id.optional(),
    })
    .refine(({ name, appPackageId }) => name === undefined || appPackageId === undefined, {
      path: ['name'],
      message: 'cannot be asked for together with appPackageId',
    })
    .refine(({ name, namespace }) => name !== undefined || namespace === undefined, {
      path: ['namespace'],
      message: 'is asked for together with a name only',
    }),
  output: value(deploymentList),
  http: {
    method: 'GET',
    ...deployments(),
    query: ['limit', 'continue', 'deviceId', 'appPackageId', 'name', 'namespace'],
  },
});
export const watchDeployments = defineOperation({
  ...viewer,
  id: 'deployments.watch',
  summary: 'The present deployments, then each as it changes',
  input: z.strictObject({ deviceId: z.string().optional() }),
  output: { kind: 'stream', schema: deploymentAnswer },
  http: { method: 'GET', ...deployments('/watch'), query: ['deviceId'] },
});
export const getDeployment = defineOperation({
  ...viewer,
  id: 'deployments.get',
  summary: 'One deployment with its components as the device reported them',
  input: byId,
  output: value(deploymentAnswer),
  http: { method: 'GET', ...deployments('/{id}') },
});
export const updateDeployment = defineOperation({
  ...operator,
  id: 'deployments.update',
  summary: 'Changes parameters, labels or the package version of a deployment; null removes a parameter or a label',
  input: z.strictObject({ id, document: deploymentUpdate }),
  output: value(deploymentAnswer),
  http: { method: 'PATCH', ...deployments('/{id}'), body: 'document' },
});
export const replaceDeployment = defineOperation({
  ...operator,
  idempotency: 'idempotent',
  id: 'deployments.replace',
  summary: 'Makes a deployment have the parameters, labels and package version given, and no others',
  input: z.strictObject({ id, document: deploymentRequest }),
  output: value(deploymentAnswer),
  http: { method: 'PUT', ...deployments('/{id}'), body: 'document' },
});
export const deleteDeployment = defineOperation({
  ...operator,
  id: 'deployments.delete',
  summary: 'Removes a deployment from its device; forced, from the records at once',
  input: z.strictObject({ id, ...force }),
  output: value(deploymentAnswer),
  http: { method: 'DELETE', ...deployments('/{id}'), query: ['force'] },
});

export const listDevices = defineOperation({
  ...viewer,
  id: 'devices.list',
  summary: 'Devices, with eligibility for a package when one is named',
  input: z
    .strictObject({
      ...paging,
      appPackageId: z.string().optional(),
      state: z.enum(['PENDING', 'ONBOARDED', 'REJECTED', 'REVOKED']).optional(),
      name: id.optional(),
    })
    .refine(({ name, state }) => name === undefined || state === undefined, {
      path: ['name'],
      message: 'cannot be asked for together with state',
    }),
  output: value(deviceList),
  http: { method: 'GET', path: '/devices', query: ['limit', 'continue', 'appPackageId', 'state', 'name'] },
});
export const getDevice = defineOperation({
  ...viewer,
  id: 'devices.get',
  summary: 'One device',
  input: z.strictObject({ id, appPackageId: z.string().optional() }),
  output: value(deviceAnswer),
  http: { method: 'GET', path: '/devices/{id}', query: ['appPackageId'] },
});
const decision = (verb: 'approve' | 'reject' | 'revoke') =>
  defineOperation({
    ...operator,
    idempotency: 'idempotent',
    id: `devices.${verb}`,
    summary: `Lets an operator ${verb} a device`,
    input: byId,
    output: value(deviceAnswer),
    http: { method: 'POST', path: `/devices/{id}/${verb}` },
  });
export const approveDevice = decision('approve');
export const rejectDevice = decision('reject');
export const revokeDevice = decision('revoke');
export const setDevice = defineOperation({
  ...operator,
  id: 'devices.set',
  summary: 'Sets the form in which a device is answered; null follows what it speaks',
  input: z.strictObject({ id, form: z.enum(['D1', 'D2']).nullable() }),
  output: value(deviceAnswer),
  http: { method: 'PATCH', path: '/devices/{id}' },
});
export const resynchronise = defineOperation({
  ...operator,
  id: 'devices.resynchronise',
  summary: 'Moves the manifest version to a new epoch, for a device that refuses manifests after a restore',
  input: byId,
  output: value(resynchronised),
  http: { method: 'POST', path: '/devices/{id}/resynchronise' },
});
export const deleteDevice = defineOperation({
  ...admin,
  id: 'devices.delete',
  summary: 'Forgets a device and its deployments',
  input: byId,
  output: { kind: 'empty' },
  http: { method: 'DELETE', path: '/devices/{id}' },
});

export const listTokens = defineOperation({
  ...admin,
  idempotency: 'safe',
  id: 'tokens.list',
  summary: 'API tokens, without their secrets',
  input: z.strictObject({}),
  output: value(tokenList),
  http: { method: 'GET', path: '/tokens' },
});
export const getToken = defineOperation({
  ...admin,
  idempotency: 'safe',
  id: 'tokens.get',
  summary: 'One API token, without its secret',
  input: byId,
  output: value(tokenAnswer),
  http: { method: 'GET', path: '/tokens/{id}' },
});
export const createToken = defineOperation({
  ...admin,
  id: 'tokens.create',
  summary: 'Issues an API token; it is shown this once',
  input: z.strictObject({
    name: z.string().min(1).max(100),
    role: z.enum(roles),
    lifetimeSeconds: z.number().int().positive().max(longestLifetimeSeconds).optional(),
  }),
  output: value(issuedToken),
  http: { method: 'POST', path: '/tokens' },
});
export const revokeToken = defineOperation({
  ...admin,
  id: 'tokens.revoke',
  summary: 'Revokes an API token at once',
  input: byId,
  output: { kind: 'empty' },
  http: { method: 'DELETE', path: '/tokens/{id}' },
});
