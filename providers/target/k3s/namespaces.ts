import { type Clock, type Logger, TargetFault, Turns } from '../../../core/plugin/index.js';
import { ApiFault, hasStatus } from './api-fault.js';
import { type Cluster, collection } from './cluster.js';
import type { K3sConfig } from './config.js';
import type { KubernetesObject, ObjectKey } from './kubernetes.js';
import { marks } from './marks.js';
import { untilGone } from './until-gone.js';

interface Options {
  readonly cluster: Cluster;
  readonly config: Pick<K3sConfig, 'namespaces' | 'owner'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What Kubernetes itself puts into every namespace, or derives from other objects there. */
const derivedKinds = new Set(['Event', 'Endpoints', 'EndpointSlice', 'ControllerRevision']);

/** The namespaces that components go into. */
export class Namespaces {
  /** Of one namespace at a time it is decided whether it is empty, or something is begun in it. */
  readonly #turns = new Turns();

  constructor(private readonly on: Options) {}

  /** Where a deployment goes. @throws TargetFault `invalid` when the config does not have it there */
  of(asked: string | undefined): string {
    const { fallback, allow } = this.on.config.namespaces;
    const namespace = asked === undefined || asked === '' ? fallback : asked;
    if (allow === undefined ? !namespace.startsWith('kube-') : allow.includes(namespace)) return namespace;
    const may =
      allow === undefined ? "Kubernetes' own are not for deployments" : `only ${allow.join(', ')} may be used`;
    throw new TargetFault('invalid', `namespace ${namespace}: ${may} (\`namespaces.allow\`)`, false);
  }

  /** Does the first thing in a namespace, which is made if it is missing; meanwhile nobody removes it. */
  async within<T>(name: string, signal: AbortSignal, begin: () => Promise<T>): Promise<T> {
    return this.#turns.take(
      name,
      async () => {
        await this.#ensure(name, signal);
        return begin();
      },
      signal,
    );
  }

  /**
   * Removes a namespace that we made, when nothing is in it but what Kubernetes puts there and what is told to go with it;
   * resolves when it is gone. One that cannot be wholly looked into stays.
   *
   * @param ours whether an object is no reason to keep it
   * @returns whether it is gone
   */
  async removeIfEmpty(
    name: string,
    signal: AbortSignal,
    ours: (object: KubernetesObject) => boolean,
  ): Promise<boolean> {
    const { cluster, config, clock } = this.on;
    return this.#turns.take(
      name,
      async () => {
        const found = await cluster.get(namespaceKey(name), signal);
        if (found === undefined) return true;
        if (found.metadata.labels?.[marks.owner] !== config.owner) return false;
        if (found.metadata.deletionTimestamp === undefined) {
          if (await this.#mayHaveOthers(name, signal, ours)) return false;
          await cluster.delete(namespaceKey(name), { uid: found.metadata.uid, signal });
        }
        await untilGone(cluster, namespaceKey(name), { uid: found.metadata.uid, clock, signal });
        return true;
      },
      signal,
    );
  }

  async #ensure(name: string, signal: AbortSignal): Promise<void> {
    const { cluster, config, clock } = this.on;
    let found = await cluster.get(namespaceKey(name), signal);
    if (found?.metadata.deletionTimestamp !== undefined) {
      await untilGone(cluster, namespaceKey(name), { uid: found.metadata.uid, clock, signal });
      found = undefined;
    }
    if (found !== undefined) return;
    if (!config.namespaces.create) {
      const what = `there is no namespace ${name}; make it, or let us (\`namespaces.create\`)`;
      throw new TargetFault('platform', what, true);
    }
    const body = { ...namespaceKey(name), metadata: { name, labels: { [marks.owner]: config.owner } } };
    try {
      // Not applied but made: one that appears now is somebody else's.
      await cluster.json({ method: 'POST', path: '/api/v1/namespaces', body, signal });
    } catch (error) {
      if (!hasStatus(error, 409)) throw error;
    }
  }

  /** Also when the cluster does not say: the API of a kind may be away, or not for us to see. */
  async #mayHaveOthers(
    name: string,
    signal: AbortSignal,
    ours: (object: KubernetesObject) => boolean,
  ): Promise<boolean> {
    try {
      return await this.#hasOthers(name, signal, ours);
    } catch (error) {
      // Whoever does not know us, or does not answer at all, will later.
      if (!(error instanceof ApiFault) || [401, 429].includes(error.status)) throw error;
      this.on.log.warn(`namespace ${name} stays, for nobody can tell whether it is empty: ${error.message}`);
      return true;
    }
  }

  async #hasOthers(name: string, signal: AbortSignal, ours: (object: KubernetesObject) => boolean): Promise<boolean> {
    const { cluster } = this.on;
    const kinds = (await cluster.namespacedKinds(signal)).filter(({ kind }) => !derivedKinds.has(kind));
    for (const type of kinds) {
      const { items } = await cluster.list(collection(type, name), { signal });
      if (items.some((object) => !isDerived(object) && !ours(object))) return true;
    }
    return false;
  }
}

/** Made by Kubernetes itself, and gone with what it was made for. */
function isDerived({ kind, metadata, ...object }: KubernetesObject): boolean {
  if (metadata.ownerReferences?.some(({ controller }) => controller === true) === true) return true;
  if (kind === 'ServiceAccount') return metadata.name === 'default';
  if (kind === 'ConfigMap') return metadata.name === 'kube-root-ca.crt';
  return kind === 'Secret' && object['type'] === 'kubernetes.io/service-account-token';
}

const namespaceKey = (name: string): ObjectKey => ({ apiVersion: 'v1', kind: 'Namespace', name });
