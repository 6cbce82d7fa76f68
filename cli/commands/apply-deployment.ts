import { z } from 'zod';
import { find, waitForDeployment } from '../client/index.js';
import { failed, invalid } from '../failure.js';
import { type DeploymentItem, deployments, devices, packages, shortId } from '../resources/index.js';
import type { Applied, Applying, Document } from './applying.js';

const defaultNamespace = 'default';

/** What is needed to know a deployment again and to find what it refers to; the host checks the rest. */
const form = z.looseObject({
  metadata: z.looseObject({
    id: z.string().optional(),
    name: z.string(),
    namespace: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.looseObject({
    appPackageRef: z.looseObject({ id: z.string() }),
    deviceRef: z.looseObject({ id: z.string().optional() }),
    parameters: z.record(z.string(), z.unknown()).optional(),
  }),
});
type Form = z.output<typeof form>;

/**
 * Creates a deployment, or changes the one that is meant: by `metadata.id`, else by name and namespace. Package and
 * device may be given by name or by the beginning of their id.
 */
export async function applyDeployment(document: Document, on: Applying): Promise<Applied> {
  const { data, error } = form.safeParse(document);
  if (error) throw invalid(`ApplicationDeployment: ${z.prettifyError(error)}`);
  const { client } = on;
  const packageId = (await find(client, packages, data.spec.appPackageRef.id)).id;
  const { id: deviceWord } = data.spec.deviceRef;
  const deviceId = deviceWord === undefined ? undefined : (await find(client, devices, deviceWord)).id;
  const present = await findPresent(data, on);
  const applied = present
    ? await update(present, data, packageId, deviceId, on)
    : { item: await create(data, packageId, deviceId, on), outcome: 'created' as const };
  const { item, outcome } = applied;
  if (on.wait) await waitForDeployment(on, item, 'INSTALLED');
  return {
    what: `deployment ${item.metadata.name} (${shortId(item.id)})`,
    outcome,
    next: on.wait ? deployments.next(item) : 'tutti get deployments --watch',
  };
}

async function findPresent({ metadata }: Form, { client }: Applying): Promise<DeploymentItem | undefined> {
  const { id, name, namespace = defaultNamespace } = metadata;
  if (id !== undefined) return find(client, deployments, id);
  const same: DeploymentItem[] = [];
  for await (const item of client.list(deployments.path, deployments.schema)) {
    const { metadata: found } = item;
    if (found.name === name && (found.namespace ?? defaultNamespace) === namespace) same.push(item);
  }
  const [only, ...others] = same;
  if (others.length === 0) return only;
  const list = same.map((item) => `\n  ${item.id}  on device ${shortId(item.spec.deviceRef.id)}`).join('');
  throw invalid(`${same.length} deployments have the name ${namespace}/${name}:${list}`, 'say which: metadata.id');
}

function create(
  { metadata: { id: _, ...metadata }, spec, ...rest }: Form,
  packageId: string,
  deviceId: string | undefined,
  { client }: Applying,
): Promise<DeploymentItem> {
  const refs = {
    appPackageRef: { id: packageId },
    deviceRef: deviceId === undefined ? spec.deviceRef : { id: deviceId },
  };
  const body = { ...rest, metadata, spec: { ...spec, ...refs } };
  return client.call('POST', deployments.path, deployments.schema, { body });
}

async function update(
  present: DeploymentItem,
  { metadata, spec }: Form,
  packageId: string,
  deviceId: string | undefined,
  { client }: Applying,
): Promise<{ readonly item: DeploymentItem; readonly outcome: 'updated' | 'unchanged' }> {
  if (deviceId !== undefined && deviceId !== present.spec.deviceRef.id) {
    throw failed(
      `deployment ${present.metadata.name} is on device ${shortId(present.spec.deviceRef.id)}; a deployment cannot move`,
      `delete it first: tutti delete deployment ${shortId(present.id)} --wait`,
    );
  }
  const body = {
    ...(metadata.labels && { metadata: { labels: metadata.labels } }),
    spec: { appPackageRef: { id: packageId }, ...(spec.parameters && { parameters: spec.parameters }) },
  };
  const { revision } = present.metadata;
  const call = { body, ...(revision !== undefined && { ifMatch: String(revision) }) };
  const path = `${deployments.path}/${present.id}`;
  await client.call('PATCH', path, deployments.schema, call);
  // The host writes nothing when nothing is different, and then the version stays.
  const item = await client.call('GET', path, deployments.schema);
  const same = revision !== undefined && item.metadata.revision === revision;
  return { item, outcome: same ? 'unchanged' : 'updated' };
}
