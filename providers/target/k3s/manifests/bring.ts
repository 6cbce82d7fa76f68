import { TargetFault } from '../../../../core/plugin/index.js';
import { hasStatus } from '../api-fault.js';
import { collection } from '../cluster.js';
import type { DriverContext } from '../driver.js';
import { follow } from '../follow.js';
import { type KubernetesObject, keyOf, type ObjectKey, shown } from '../kubernetes.js';
import { readMark } from '../marks.js';
import { untilGone } from '../until-gone.js';
import { applyFault, isImmutable } from './apply-fault.js';
import { hasFailed } from './failed-objects.js';
import { disownPatched } from './ownership.js';
import { fields, items, podTemplate } from './pod-templates.js';
import { bears } from './removal.js';
import { withRemovals } from './removed-fields.js';

type Context = Pick<DriverContext, 'cluster' | 'config' | 'clock'>;

interface Trial {
  /** Label of what is ours. */
  readonly release: string;
  /** Whether the cluster can judge it yet: what the component's own CustomResourceDefinitions bring it cannot. */
  readonly judged: boolean;
}

/** @throws TargetFault where an object is somebody else's, or would not be taken; nothing is changed */
export async function tryOut(
  { cluster, config }: Context,
  object: KubernetesObject,
  { release, judged }: Trial,
  signal: AbortSignal,
): Promise<void> {
  const key = keyOf(object);
  if (!(await cluster.has(key, signal))) return;
  const found = await cluster.get(key, signal);
  if (found?.metadata.deletionTimestamp !== undefined) return;
  if (found !== undefined) {
    refuseForeign(found, release);
    await disownPatched(cluster, found, signal);
  }
  if (!judged) return;
  try {
    await applied(cluster, object, found, { force: config.force, dryRun: true, signal });
  } catch (error) {
    if (isImmutable(object, error) || isNoJudgement(error, found)) return;
    throw applyFault(object, error);
  }
}

/** Whether a trial says nothing of what the object itself is like. */
function isNoJudgement(error: unknown, found: KubernetesObject | undefined): boolean {
  // A webhook that says so itself.
  if (hasStatus(error, 400)) return error.message.includes('does not support dry run');
  // What a new object needs (its namespace, a service account, a class) may be made just before it.
  return found === undefined && hasStatus(error, 403, 404, 409);
}

/** Makes the cluster have an object; what it takes only anew, or what has ended in failure, is made anew. */
export async function bring(
  on: Context,
  object: KubernetesObject,
  release: string,
  signal: AbortSignal,
): Promise<void> {
  const { cluster, config } = on;
  const { force } = config;
  const key = keyOf(object);
  const anew = async (there: KubernetesObject | undefined): Promise<void> => {
    const { uid } = there?.metadata ?? {};
    if (await cluster.delete(key, { uid, foreground: true, signal })) await gone(on, key, there, signal);
  };
  try {
    let found = await cluster.get(key, signal);
    if (found?.metadata.deletionTimestamp !== undefined) {
      await gone(on, key, found, signal);
      found = undefined;
    }
    if (found !== undefined) refuseForeign(found, release);
    if (found !== undefined && hasFailed(found)) {
      await anew(found);
      found = undefined;
    }
    await applied(cluster, object, found, { force, dryRun: false, signal }).catch(async (error: unknown) => {
      if (!isImmutable(object, error)) throw error;
      await anew(found);
      await cluster.apply(object, { force, signal });
    });
  } catch (error) {
    throw applyFault(object, error);
  }
  if (object.kind === 'CustomResourceDefinition') await established(on, key, signal);
}

/** Applies an object, over what server-side apply leaves behind of fields that are set no more. */
async function applied(
  cluster: Context['cluster'],
  object: KubernetesObject,
  found: KubernetesObject | undefined,
  options: { readonly force: boolean; readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const { dryRun, signal } = options;
  try {
    await cluster.apply(object, options);
  } catch (error) {
    // Who owns what is looked at before what is valid: nobody else's field is overridden here.
    const patch = hasStatus(error, 422) && found && podTemplate(object) ? withRemovals(object, found) : undefined;
    if (patch === undefined) throw error;
    const patched = await cluster.patch(keyOf(object), patch, { dryRun, signal });
    if (dryRun) return;
    await disownPatched(cluster, patched, signal);
    await cluster.apply(object, options);
  }
}

function gone(
  { cluster, clock }: Context,
  key: ObjectKey,
  found: KubernetesObject | undefined,
  signal: AbortSignal,
): Promise<void> {
  return untilGone(cluster, key, { uid: found?.metadata.uid, clock, signal });
}

/** Resolves when the cluster serves the kind, so that objects of it can be made. */
async function established({ cluster, clock }: Context, key: ObjectKey, signal: AbortSignal): Promise<void> {
  const path = collection(await cluster.resource(key, signal));
  for await (const change of follow(cluster, { path, fieldSelector: `metadata.name=${key.name}`, clock, signal })) {
    const seen = change.kind === 'listed' ? change.objects : [change.object];
    if (seen.some(isEstablished)) return;
  }
  signal.throwIfAborted();
}

function isEstablished(definition: KubernetesObject): boolean {
  const conditions = items(fields(definition['status'])?.['conditions']);
  return conditions.some(({ type, status }) => type === 'Established' && status === 'True');
}

function refuseForeign(found: KubernetesObject, release: string): void {
  if (bears(found, release)) return;
  const mark = readMark(found.metadata);
  const whose =
    mark === undefined ? 'and was not made by us' : `as a part of ${mark.component} of ${mark.application.name}`;
  const what = `${shown(keyOf(found))} is there already, ${whose}; it is let be. Give it another name in the manifest, or remove it`;
  throw new TargetFault('platform', what, true);
}
