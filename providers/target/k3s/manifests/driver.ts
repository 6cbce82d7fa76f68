import { type ApplyCall, TargetFault } from '../../../../core/plugin/index.js';
import type { ApplyRequest, Driver, DriverContext, Release, RemoveRequest, Watched } from '../driver.js';
import { type KubernetesObject, keyOf, type ObjectKey, shown } from '../kubernetes.js';
import { type Mark, marks, releaseKey } from '../marks.js';
import { otlpVariables, parameterVariables } from '../variables.js';
import { isLasting, isWorkload } from '../workloads.js';
import { pullManifests } from './artifact.js';
import { bring, tryOut } from './bring.js';
import { manifestsComponent } from './declaration.js';
import { readDocuments } from './documents.js';
import { inOrder } from './order.js';
import { type Preparation, preparedObject, pullSecretOf } from './prepared.js';
import {
  lastGood,
  type ReleaseRecord,
  type Revision,
  readRecord,
  recordMark,
  recordName,
  writtenRecord,
} from './record.js';
import { bears, type Removal, removeClaims, removeObjects } from './removal.js';
import { ruleFaults } from './rules.js';
import { substituted } from './substitution.js';
import { definedKinds, typed } from './types.js';

/** Plain manifests by server-side apply. A Secret beside them says what there is of a component: see `record.ts`. */
export class ManifestsDriver implements Driver {
  readonly type = manifestsComponent;
  readonly watched: readonly Watched[];

  constructor(private readonly on: DriverContext) {
    this.watched = [{ path: '/api/v1/secrets', labelSelector: this.#ours }];
  }

  way(): undefined {
    return undefined;
  }

  async releases(signal: AbortSignal): Promise<readonly Release[]> {
    const { items } = await this.on.cluster.list('/api/v1/secrets', { labelSelector: this.#ours, signal });
    return items.map(releaseIn).filter((release) => release !== undefined);
  }

  async apply(request: ApplyRequest, call: ApplyCall): Promise<void> {
    const preparation = await this.#preparation(request, call.signal);
    const objects = await this.#desired(request, preparation, call);
    const revision: Revision = { revision: request.component.revision, applied: request.applied, objects };
    const before = await this.#record(request, call.signal);
    const previous = before && lastGood(before, request);
    await this.#bring(revision, { before, previous, preparation }, call);
  }

  async ensureAvailable(request: ApplyRequest, call: ApplyCall): Promise<void> {
    await this.#desired(request, await this.#preparation(request, call.signal), call);
  }

  async goBack(request: ApplyRequest, call: ApplyCall): Promise<string | undefined> {
    const before = await this.#record(request, call.signal);
    const { previous } = before ?? {};
    if (before === undefined || previous === undefined || previous.applied === request.applied) return undefined;
    // Nothing of this one has come onto the cluster.
    if (before.state === 'deployed' && before.current?.applied !== request.applied) return undefined;
    call.progress(`going back to revision ${previous.revision}`);
    await this.#bring(previous, { before, previous, preparation: await this.#preparation(request, call.signal) }, call);
    return previous.revision;
  }

  async noteRuns(request: ApplyRequest, { signal }: ApplyCall): Promise<void> {
    const record = await this.#record(request, signal);
    if (record === undefined || record.ran || record.current?.applied !== request.applied) return;
    await this.#write({ ...record, ran: true }, signal);
  }

  async remove({ application, component, purge }: RemoveRequest, call: ApplyCall): Promise<void> {
    const { cluster, config, namespaces, clock, log } = this.on;
    const { signal, progress } = call;
    const release = releaseKey(config.owner, application.id, component);
    const removal: Removal = { cluster, namespaces, clock, log, signal, release, purge, progress };
    const record = await this.#find(application.id, component, signal);
    if (record !== undefined) {
      await this.#write({ ...record, state: 'removing' }, signal);
      await removeObjects(record.inventory, removal);
    }
    if (purge) await removeClaims(removal);
    if (record === undefined) return;
    // The record goes with the namespace, or last: whoever is killed in between finds it again.
    const { namespace } = record;
    const goes = (object: KubernetesObject): boolean => object.kind === 'Secret' && bears(object, release);
    if (await namespaces.removeIfEmpty(namespace, signal, goes)) return;
    const name = recordName(config.owner, application.id, component);
    await cluster.delete({ apiVersion: 'v1', kind: 'Secret', namespace, name }, { signal });
  }

  get #ours(): string {
    return `${marks.owner}=${this.on.config.owner},${marks.release}`;
  }

  /** The artifact's objects as they are to be applied. @throws TargetFault `artifact`, or `invalid` with every fault */
  async #desired(
    { application, component, namespace }: ApplyRequest,
    preparation: Preparation,
    call: ApplyCall,
  ): Promise<readonly KubernetesObject[]> {
    const { cluster, config, registry } = this.on;
    const files = await pullManifests(registry, component, config.artifactBytes, call);
    const { objects, faults } = readDocuments(files);
    refuse(component.name, faults);
    const values = {
      ...component.parameters,
      TUTTI_COMPONENT: component.name,
      TUTTI_NAMESPACE: namespace,
      // Short enough for every name, and another one for each component of each deployment.
      TUTTI_RELEASE: releaseKey(config.owner, application.id, component.name).slice(0, 10),
    };
    const known = await typed(substituted(objects, values), cluster, call.signal);
    refuse(component.name, ruleFaults(known, namespace, config.allow));
    return inOrder(
      known.map(({ object, type }) => preparedObject(object, type, preparation)),
      (object) => object,
    );
  }

  async #preparation({ application, component, namespace }: ApplyRequest, signal: AbortSignal): Promise<Preparation> {
    const { config } = this.on;
    const { id, name } = application;
    const mark: Mark = { owner: config.owner, application: { id, name }, component: component.name };
    return {
      mark,
      namespace,
      variables: { ...otlpVariables(config.otlp), ...parameterVariables(component.parameters) },
      pullSecret: `tutti-pull-${releaseKey(config.owner, id, component.name)}`,
      logins: await this.on.logins(signal),
    };
  }

  /** Makes the cluster have these objects of the component and no others. Until something is changed, all of it is tried. */
  async #bring(
    revision: Revision,
    how: {
      readonly before: ReleaseRecord | undefined;
      readonly previous: Revision | undefined;
      readonly preparation: Preparation;
    },
    call: ApplyCall,
  ): Promise<void> {
    const { cluster, namespaces, clock, log } = this.on;
    const { before, previous, preparation } = how;
    const { mark, namespace } = preparation;
    const { signal, progress } = call;
    const release = releaseKey(mark.owner, mark.application.id, mark.component);
    const secrets = pullSecretOf(revision.objects, await this.on.logins(signal), preparation);
    const objects = [...secrets, ...revision.objects];
    const own = new Set(objects.flatMap(definedKinds).map(([kind]) => kind));
    for (const object of objects) {
      const judged = !own.has(`${object.apiVersion} ${object.kind}`);
      await tryOut(this.on, object, { release, judged }, signal);
    }

    const keys = objects.map(keyOf);
    const old = (before?.inventory ?? []).filter((key) => !keys.some((other) => isSame(key, other)));
    const { current, ran = false } = before ?? {};
    const record: ReleaseRecord = {
      ...(current && { current }),
      ...(previous && { previous }),
      ...{ format: 1, mark, namespace, state: 'pending', ran, inventory: [...old, ...keys] },
    };
    await namespaces.within(namespace, signal, () => this.#write(record, signal));
    for (const object of objects) {
      progress(`applying ${shown(keyOf(object))}`);
      await bring(this.on, object, release, signal);
    }
    await removeObjects(old, { cluster, namespaces, clock, log, signal, release, purge: false, progress });
    const kept = old.filter(({ kind }) => kind === 'PersistentVolumeClaim');
    const known = [previous, ...(ran ? [current] : [])].some((each) => each?.applied === revision.applied);
    const inventory = [...kept, ...keys];
    await this.#write({ ...record, state: 'deployed', current: revision, ran: known, inventory }, signal);
  }

  async #record({ application, component }: ApplyRequest, signal: AbortSignal): Promise<ReleaseRecord | undefined> {
    return this.#find(application.id, component.name, signal);
  }

  async #find(id: string, component: string, signal: AbortSignal): Promise<ReleaseRecord | undefined> {
    const labelSelector = `${marks.release}=${releaseKey(this.on.config.owner, id, component)}`;
    const { items } = await this.on.cluster.list('/api/v1/secrets', { labelSelector, signal });
    return items.map(readRecord).find((record) => record !== undefined);
  }

  async #write(record: ReleaseRecord, signal: AbortSignal): Promise<void> {
    await this.on.cluster.apply(writtenRecord(record), { force: true, signal });
  }
}

/** A record that cannot be read is its component's trouble, and nobody else's. */
function releaseIn(secret: KubernetesObject): Release | undefined {
  const mark = recordMark(secret);
  if (mark === undefined) return undefined;
  try {
    const record = readRecord(secret);
    return record && releaseOf(record);
  } catch (error) {
    if (!(error instanceof TargetFault)) throw error;
    return { ...whose(mark, secret.metadata.namespace ?? 'default'), state: 'failed', reason: error.message };
  }
}

function releaseOf({ mark, namespace, state, current, inventory }: ReleaseRecord): Release {
  return {
    ...whose(mark, namespace),
    ...(state === 'deployed' && current && { applied: current.applied, revision: current.revision }),
    state: state === 'deployed' ? 'deployed' : 'pending',
    ...(state === 'removing' && { reason: 'its removal is not finished' }),
    namespaces: inventory.filter(isWorkload).flatMap((key) => key.namespace ?? []),
    expected: inventory.filter(isLasting),
  };
}

function whose(
  { owner, application, component }: Mark,
  namespace: string,
): Pick<Release, 'application' | 'component' | 'namespace' | 'owns'> {
  const release = releaseKey(owner, application.id, component);
  return { application, component, namespace, owns: ({ metadata }) => metadata.labels?.[marks.release] === release };
}

function refuse(component: string, faults: readonly string[]): void {
  if (faults.length > 0)
    throw new TargetFault('invalid', `component ${component} is refused:\n${faults.join('\n')}`, false);
}

function isSame(one: ObjectKey, other: ObjectKey): boolean {
  // The version of a kind may change without the object being another one.
  const group = ({ apiVersion }: ObjectKey): string => apiVersion.split('/').slice(0, -1).join('/');
  return (
    group(one) === group(other) &&
    one.kind === other.kind &&
    one.namespace === other.namespace &&
    one.name === other.name
  );
}
