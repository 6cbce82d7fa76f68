import type { Health } from '../../../core/plugin/index.js';
import type { Access } from './access.js';
import { hasStatus } from './api-fault.js';
import { type ApiRequest, Connection } from './connection.js';
import { type KubernetesObject, keyOf, type ObjectKey, type ResourceType } from './kubernetes.js';
import { Resources } from './resources.js';

/** Who sets a field: the name under which the API server keeps ours apart from others'. */
export const fieldManager = 'tutti';

export interface Page {
  readonly items: readonly KubernetesObject[];
  readonly resourceVersion: string;
}

export interface ListQuery {
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly metadataOnly?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface LogQuery {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Of the run before this one. */
  readonly previous: boolean;
  /** The most lines. */
  readonly lines: number;
  /** Each line begins with its time and a blank. */
  readonly timestamps?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The objects of a cluster, by its API. They go and come as they are: the client library's own calls drop fields that
 * their version does not know, and none of them can be aborted. All calls reject with TargetFault (`ApiFault`
 * where the API server has answered) or with the reason of their signal.
 */
export class Cluster {
  readonly #connection: Connection;
  readonly #resources: Resources;

  /** @param patience milliseconds without a byte after which an answer counts as failed */
  constructor(
    readonly access: Access,
    patience: number,
  ) {
    this.#connection = new Connection(access, patience);
    this.#resources = new Resources((path, signal) => this.json({ path, signal }));
  }

  health(): Health {
    return this.#connection.health();
  }

  /** What the kind is served under. @throws TargetFault when the cluster has no such kind */
  resource(of: Pick<ObjectKey, 'apiVersion' | 'kind'>, signal?: AbortSignal): Promise<ResourceType> {
    return this.#resources.find(of, signal);
  }

  /** Whether the cluster knows the kind. */
  has(of: Pick<ObjectKey, 'apiVersion' | 'kind'>, signal?: AbortSignal): Promise<boolean> {
    return this.#resources.has(of, signal);
  }

  /** Every kind of object that lies in a namespace. */
  namespacedKinds(signal?: AbortSignal): Promise<readonly ResourceType[]> {
    return this.#resources.namespaced(signal);
  }

  async get(key: ObjectKey, signal?: AbortSignal): Promise<KubernetesObject | undefined> {
    try {
      return (await this.json({ path: await this.#pathOf(key, signal), signal })) as KubernetesObject;
    } catch (error) {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    }
  }

  /** Every object of a list, read in pages; consistent, as of the resource version that comes along. */
  async list(path: string, { signal, metadataOnly = false, ...selectors }: ListQuery = {}): Promise<Page> {
    const items: KubernetesObject[] = [];
    let next: string | undefined;
    let resourceVersion = '';
    do {
      const query = { ...selectors, limit: '500', continue: next };
      const page = listOf(await this.json({ path, query, metadataOnly, signal }));
      items.push(...page.items);
      resourceVersion = page.resourceVersion;
      next = page.next;
    } while (next !== undefined);
    return { items, resourceVersion };
  }

  /**
   * Server-side apply: the fields that the object has become ours, those that an earlier apply had and this one has not go.
   *
   * @throws ApiFault 409 when others own a field and `force` is not set
   */
  async apply(
    object: KubernetesObject,
    { force = false, dryRun = false, signal }: { force?: boolean; dryRun?: boolean; signal?: AbortSignal } = {},
  ): Promise<KubernetesObject> {
    return (await this.json({
      method: 'PATCH',
      path: await this.#pathOf(keyOf(object), signal),
      query: { fieldManager, force: String(force), ...(dryRun && { dryRun: 'All' }) },
      // YAML is a superset of JSON, and 1.20 knows no other name for it.
      contentType: 'application/apply-patch+yaml',
      body: object,
      signal,
    })) as KubernetesObject;
  }

  /** Strategic merge patch, for Kubernetes' own kinds alone: it overrides whatever others have set. */
  async patch(
    key: ObjectKey,
    patch: object,
    { dryRun = false, signal }: { dryRun?: boolean; signal?: AbortSignal } = {},
  ): Promise<KubernetesObject> {
    return (await this.json({
      method: 'PATCH',
      path: await this.#pathOf(key, signal),
      query: { fieldManager, ...(dryRun && { dryRun: 'All' }) },
      contentType: 'application/strategic-merge-patch+json',
      body: patch,
      signal,
    })) as KubernetesObject;
  }

  /** Says anew who has set which fields of an object. @throws ApiFault 409 when it is another one by now */
  async setManagedFields(object: KubernetesObject, value: readonly object[], signal: AbortSignal): Promise<void> {
    const { resourceVersion } = object.metadata;
    await this.json({
      method: 'PATCH',
      path: await this.#pathOf(keyOf(object), signal),
      contentType: 'application/json-patch+json',
      body: [
        { op: 'replace', path: '/metadata/managedFields', value },
        { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
      ],
      signal,
    });
  }

  /**
   * Deletes, or begins to: what has finalizers, and pods, take their time.
   *
   * @param options `uid`: only this very object, not another one that has taken its name since; `foreground`: what it
   *   made goes before it
   * @returns whether it is on its way; it is gone or was not there otherwise
   */
  async delete(
    key: ObjectKey,
    options: { readonly uid?: string | undefined; readonly foreground?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<boolean> {
    const { uid, foreground = false, signal } = options;
    try {
      const answer = await this.json({
        method: 'DELETE',
        path: await this.#pathOf(key, signal),
        body: {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          propagationPolicy: foreground ? 'Foreground' : 'Background',
          ...(uid !== undefined && { preconditions: { uid } }),
        },
        signal,
      });
      return (answer as { readonly kind?: unknown } | null)?.kind !== 'Status';
    } catch (error) {
      // 409: the name is another object's by now.
      if (hasStatus(error, 404) || (uid !== undefined && hasStatus(error, 409))) return false;
      throw error;
    }
  }

  json(request: ApiRequest): Promise<unknown> {
    return this.#connection.json(request);
  }

  text(request: ApiRequest): Promise<string> {
    return this.#connection.text(request);
  }

  /** The lines of an answer as they come, until it ends: an end in the middle rejects. */
  lines(request: ApiRequest): AsyncGenerator<string> {
    return this.#connection.lines(request);
  }

  /** The last lines of what a container has written. */
  log({ namespace, pod, container, previous, lines, timestamps = false, signal }: LogQuery): Promise<string> {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`;
    const query = {
      ...{ container, tailLines: String(lines), previous: String(previous) },
      ...(timestamps && { timestamps: 'true' }),
    };
    return this.text({ path, query, signal });
  }

  async #pathOf(key: ObjectKey, signal: AbortSignal | undefined): Promise<string> {
    const type = await this.resource(key, signal);
    return `${collection(type, key.namespace)}/${encodeURIComponent(key.name)}`;
  }
}

/** The path of a list: of a namespace, or of the whole cluster. */
export function collection({ apiVersion, resource, namespaced }: ResourceType, namespace?: string): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const inside = namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${inside}/${resource}`;
}

function listOf(answer: unknown): Page & { readonly next: string | undefined } {
  const { kind, apiVersion, metadata, items } = answer as {
    readonly kind?: string;
    readonly apiVersion?: string;
    readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
    readonly items?: readonly KubernetesObject[] | null;
  };
  // Items of a list do not say what they are; the list does. Those of a short form say that they are one.
  const type = { apiVersion: apiVersion ?? 'v1', kind: (kind ?? '').replace(/List$/, '') };
  const next = metadata?.continue;
  return {
    items: (items ?? []).map((item) => ({ ...type, ...item })),
    resourceVersion: metadata?.resourceVersion ?? '',
    next: next === '' ? undefined : next,
  };
}
