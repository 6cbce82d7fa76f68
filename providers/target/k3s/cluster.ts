import { setMaxListeners } from 'node:events';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { createInterface } from 'node:readline';
import { type Health, TargetFault } from '../../../core/plugin/index.js';
import type { Access } from './access.js';
import { connectionFault, hasStatus, refusal, SlowAnswer } from './api-fault.js';
import type { KubernetesObject, ObjectKey, ResourceType } from './kubernetes.js';
import { keyOf, shown } from './kubernetes.js';
import { Resources } from './resources.js';

/** Who sets a field: the name under which the API server keeps ours apart from others'. */
export const fieldManager = 'tutti';

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without a byte; as the config has it unless told. */
  readonly idle?: number;
  /** Only what objects are called and whose they are, without what is in them. */
  readonly metadataOnly?: boolean;
}

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

/**
 * The API of a cluster, and what we last knew of it. Objects go and come as they are: the client library's own calls drop
 * fields that their version does not know, and none of them can be aborted. All calls reject with TargetFault (`ApiFault`
 * where the API server has answered) or with the reason of their signal.
 */
export class Cluster {
  readonly #resources: Resources;
  #fault: string | undefined;

  constructor(
    readonly access: Access,
    /** Milliseconds without a byte after which an answer counts as failed. */
    private readonly patience: number,
  ) {
    this.#resources = new Resources((path, signal) => this.json({ path, signal }));
  }

  health(): Health {
    return this.#fault === undefined ? { status: 'ok' } : { status: 'degraded', reason: this.#fault };
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

  async json(request: ApiRequest): Promise<unknown> {
    const text = await this.text(request);
    try {
      return JSON.parse(text);
    } catch (cause) {
      const what = `the Kubernetes API at ${this.access.server} gave half an answer to ${named(request)}, or none of its own`;
      throw this.#failed(new TargetFault('platform', what, true, { cause }));
    }
  }

  async text(request: ApiRequest): Promise<string> {
    const answer = await this.#send(request);
    return this.#read(answer, request.signal);
  }

  /** The lines of an answer as they come, until it ends: an end in the middle rejects. */
  async *lines(request: ApiRequest): AsyncGenerator<string> {
    const answer = await this.#send(request);
    const lines = createInterface({ input: answer, crlfDelay: Number.POSITIVE_INFINITY });
    try {
      yield* lines;
    } catch (error) {
      request.signal?.throwIfAborted();
      throw this.#failed(error);
    } finally {
      answer.destroy();
    }
    request.signal?.throwIfAborted();
    if (!answer.complete) throw this.#failed(cut());
  }

  async #pathOf(key: ObjectKey, signal: AbortSignal | undefined): Promise<string> {
    const type = await this.resource(key, signal);
    return `${collection(type, key.namespace)}/${encodeURIComponent(key.name)}`;
  }

  /** @returns an answer of success whose body has not been read */
  async #send(request: ApiRequest): Promise<IncomingMessage> {
    request.signal?.throwIfAborted();
    try {
      return await this.#accepted(request);
    } catch (error) {
      request.signal?.throwIfAborted();
      if (!hasStatus(error, 401)) throw error;
      // Whoever renews certificates or tokens writes the file anew.
      this.access.forget();
      return this.#accepted(request);
    }
  }

  async #accepted(request: ApiRequest): Promise<IncomingMessage> {
    const answer = await this.#open(request);
    const code = answer.statusCode ?? 0;
    if (code >= 200 && code < 300) {
      this.#fault = undefined;
      return answer;
    }
    const fault = refusal(code, await this.#read(answer, request.signal), {
      server: this.access.server,
      what: named(request),
    });
    // Only what everybody would be told tells of the cluster's health.
    this.#fault = code === 401 || code >= 500 ? fault.message : undefined;
    throw fault;
  }

  async #open(request: ApiRequest, again = true): Promise<IncomingMessage> {
    let credentials: Awaited<ReturnType<Access['credentials']>>;
    try {
      credentials = await this.access.credentials();
    } catch (error) {
      throw this.#failed(error);
    }
    const { server, headers, agent, auth } = credentials;
    const url = new URL(server + request.path);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const idle = request.idle ?? this.patience;
    let reused = false;
    // Of many requests at the same time each listens to the same signal: that is no leak, and nothing to warn of.
    if (request.signal) setMaxListeners(0, request.signal);
    try {
      return await new Promise((resolve, reject) => {
        const sent = https.request(url, {
          method: request.method ?? 'GET',
          agent,
          ...(auth !== undefined && { auth }),
          ...(request.signal && { signal: request.signal }),
          headers: {
            ...headers,
            accept: accepted(request),
            ...(body !== undefined && {
              'content-type': request.contentType ?? 'application/json',
              'content-length': Buffer.byteLength(body),
            }),
          },
        });
        sent.setTimeout(idle, () => sent.destroy(new SlowAnswer(`nothing came for ${idle / 1000} s`)));
        sent.once('response', resolve);
        sent.on('error', (error) => {
          reused = sent.reusedSocket;
          reject(error);
        });
        sent.end(body);
      });
    } catch (error) {
      request.signal?.throwIfAborted();
      // A kept connection that the server had closed already says nothing of the server. Every call of ours may be repeated.
      if (again && reused && (error as NodeJS.ErrnoException).code === 'ECONNRESET') return this.#open(request, false);
      // It may be elsewhere by now, or have a certificate of another authority: the next attempt reads where it is anew.
      this.access.forget();
      throw this.#failed(connectionFault(server, error));
    }
  }

  async #read(answer: IncomingMessage, signal: AbortSignal | undefined): Promise<string> {
    try {
      const parts: Buffer[] = [];
      for await (const part of answer) parts.push(part as Buffer);
      if (!answer.complete) throw cut();
      return Buffer.concat(parts).toString();
    } catch (error) {
      signal?.throwIfAborted();
      throw this.#failed(connectionFault(this.access.server, error));
    }
  }

  #failed(error: unknown): TargetFault {
    const fault = connectionFault(this.access.server, error);
    this.#fault = fault.message;
    return fault;
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

/** The API server makes the short form itself (Kubernetes 1.15 and later), so that large objects do not travel. */
function accepted({ metadataOnly, method = 'GET', query }: ApiRequest): string {
  if (metadataOnly !== true) return 'application/json, */*';
  const as = method === 'GET' && query?.['watch'] === undefined ? 'PartialObjectMetadataList' : 'PartialObjectMetadata';
  return `application/json;as=${as};g=meta.k8s.io;v=v1`;
}

function named({ method = 'GET', path }: ApiRequest): string {
  return `${method} ${path}`;
}

const cut = (): Error => Object.assign(new Error('the answer was cut off'), { code: 'ECONNRESET' });

/** For a person: which object a fault is about. */
export const about = (object: KubernetesObject): string => shown(keyOf(object));
