import { z } from 'zod';
import { find, list, waitForDeployment, waitForPackage } from '../client/index.js';
import { invalid } from '../failure.js';
import { type DeploymentItem, deployments, devices, packages, shortId } from '../resources/index.js';
import type { Applied, Applying, Document } from './applying.js';

const defaultNamespace = 'default';

/** What is needed to know a deployment again and to find what it refers to; the host checks the rest. */
const form = z.looseObject({
  metadata: z.looseObject({
    id: z.string().optional(),
    name: z.string(),
    namespace: z.string().optional(),
  }),
  spec: z.looseObject({
    appPackageRef: z.looseObject({ id: z.string() }),
    deviceRef: z.looseObject({ id: z.string().optional() }),
  }),
});
type Form = z.output<typeof form>;

/**
 * Makes a deployment be as its document says, the one that is meant or a new one: by `metadata.id`, else by name,
 * namespace and, where it is named, device. Package and device may be given by name or by the beginning of their id.
 */
export async function applyDeployment(document: Document, on: Applying): Promise<Applied> {
  const { data, error } = form.safeParse(document);
  if (error) throw invalid(`ApplicationDeployment: ${z.prettifyError(error)}`);
  const body = await resolved(data, on);
  // The host refuses a package that is still being imported; whoever puts both in one file means the one after the other.
  if (on.importing.delete(body.spec.appPackageRef.id)) await waitForPackage(on, body.spec.appPackageRef.id);
  const present = await findPresent(data.metadata, body.spec.deviceRef.id, on);
  const applied = present
    ? await replace(present, body, on)
    : { item: await on.client.createDeployment({ document: asRequest(body) }), outcome: 'created' as const };
  const { item, outcome } = applied;
  if (on.wait) await waitForDeployment(on, item, 'INSTALLED');
  return {
    what: `deployment ${item.metadata.name} (${shortId(item.id)})`,
    outcome,
    next: on.wait ? deployments.next(item) : 'tutti get deployments --watch',
  };
}

/** As the file has it: the host checks the rest. */
function asRequest(body: Form): Parameters<Applying['client']['createDeployment']>[0]['document'] {
  return body as Parameters<Applying['client']['createDeployment']>[0]['document'];
}

/** The document as the host takes it: with whole ids, and without its own. */
async function resolved(
  { metadata: { id: _, ...metadata }, spec, ...rest }: Form,
  { client }: Applying,
): Promise<Form> {
  const appPackageRef = { ...spec.appPackageRef, id: (await find(client, packages, spec.appPackageRef.id)).id };
  const { id: word } = spec.deviceRef;
  const deviceRef =
    word === undefined ? spec.deviceRef : { ...spec.deviceRef, id: (await find(client, devices, word)).id };
  return { ...rest, metadata, spec: { ...spec, appPackageRef, deviceRef } };
}

async function findPresent(
  { id, name, namespace = defaultNamespace }: Form['metadata'],
  deviceId: string | undefined,
  { client }: Applying,
): Promise<DeploymentItem | undefined> {
  if (id !== undefined) return find(client, deployments, id);
  const same: DeploymentItem[] = [];
  for await (const item of list(client, deployments, { name, namespace, deviceId })) {
    same.push(item);
  }
  const [only, ...others] = same;
  if (others.length === 0) return only;
  const lines = same.map((item) => `\n  ${item.id}  on device ${shortId(item.spec.deviceRef.id)}`).join('');
  throw invalid(
    `${same.length} deployments have the name ${namespace}/${name}:${lines}`,
    'say which: deviceRef.id or metadata.id',
  );
}

async function replace(
  present: DeploymentItem,
  body: Form,
  { client }: Applying,
): Promise<{ readonly item: DeploymentItem; readonly outcome: 'updated' | 'unchanged' }> {
  const { revision } = present.metadata;
  const { id } = present;
  const ifMatch = revision === undefined ? undefined : String(revision);
  await client.replaceDeployment({ id, document: asRequest(body) }, { ifMatch });
  // The host compares the whole, and writes nothing when nothing is different: then the version stays.
  const item = await client.getDeployment({ id });
  const same = revision !== undefined && item.metadata.revision === revision;
  return { item, outcome: same ? 'unchanged' : 'updated' };
}
