import type { KubernetesObject } from '../../providers/target/k3s/kubernetes.js';
import { type PlayedAnswer, type PlayedApi, type PlayedRequest, playApi } from '../parts/played-api.js';

/** A cluster that keeps what it is given and does nothing with it, and that fails as it is told. */
export interface PlayedCluster extends PlayedApi {
  /** Answers before the cluster does, where it gives an answer. */
  answer: (request: PlayedRequest) => PlayedAnswer | undefined;
  /** Has an object as if somebody else had made or changed it. */
  put(object: KubernetesObject): void;
  find(kind: string, name: string): KubernetesObject | undefined;
  /** Forgets what was asked so far. */
  forget(): void;
  /** What was asked to change something, in order: `PATCH configmaps/recipe`, with `(dry run)` where it was one. */
  changes(): string[];
}

/** `[apiVersion, kind, resource]`. */
const kinds = [
  ['v1', 'ConfigMap', 'configmaps'],
  ['v1', 'Secret', 'secrets'],
  ['v1', 'Service', 'services'],
  ['v1', 'Pod', 'pods'],
  ['v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'],
  ['v1', 'Namespace', 'namespaces'],
  ['v1', 'Node', 'nodes'],
  ['apps/v1', 'Deployment', 'deployments'],
  ['apps/v1', 'StatefulSet', 'statefulsets'],
  ['apps/v1', 'DaemonSet', 'daemonsets'],
  ['apps/v1', 'ReplicaSet', 'replicasets'],
  ['batch/v1', 'Job', 'jobs'],
  ['batch/v1', 'CronJob', 'cronjobs'],
] as const;
const ofCluster = ['Namespace', 'Node'];
const groups = ['apps/v1', 'batch/v1'];

type Labels = Readonly<Record<string, string>>;

/** Its watches end at once: who follows a list sees what was there when it listed. */
export async function playCluster(): Promise<PlayedCluster> {
  const objects = new Map<string, KubernetesObject>();
  let made = 0;
  let forgotten = 0;
  const put = (object: KubernetesObject): KubernetesObject => {
    const uid = object.metadata.uid ?? `uid-${++made}`;
    const kept = { ...object, metadata: { ...object.metadata, uid, resourceVersion: String(++made) } };
    objects.set(pathOf(object), kept);
    return kept;
  };
  const serve = (request: PlayedRequest): PlayedAnswer => {
    const { method, path, query, contentType, body } = request;
    if (path === '/apis')
      return { body: { groups: groups.map((groupVersion) => ({ preferredVersion: { groupVersion } })) } };
    const kindsThere = kinds.filter(([apiVersion]) => path === rootOf(apiVersion));
    if (kindsThere.length > 0) return { body: { resources: kindsThere.map(resourceOf) } };
    const list = listAt(path);
    if (list !== undefined && method === 'GET') {
      if (query.get('watch') !== null) return refused(404, 'NotFound');
      const items = [...objects.values()].filter((object) => list(object) && isSelected(object, query));
      return { body: { metadata: { resourceVersion: String(made) }, items } };
    }
    if (method === 'POST') return { body: put(JSON.parse(body) as KubernetesObject) };
    const found = objects.get(path);
    if (method === 'PATCH' && contentType === 'application/apply-patch+yaml') {
      const object = JSON.parse(body) as KubernetesObject;
      const { namespace } = object.metadata;
      if (namespace !== undefined && !objects.has(`/api/v1/namespaces/${namespace}`)) return refused(404, 'NotFound');
      const next = { ...found, ...object, metadata: { ...found?.metadata, ...object.metadata } };
      return { body: query.get('dryRun') === null ? put(next) : next };
    }
    if (found === undefined) return refused(404, 'NotFound');
    if (method === 'PATCH' && contentType === 'application/json-patch+json') return { body: put(patched(found, body)) };
    if (method === 'DELETE') {
      objects.delete(path);
      return { body: { kind: 'Status', status: 'Success' } };
    }
    return { body: found };
  };
  const api = await playApi((request) => cluster.answer(request) ?? serve(request));
  const cluster: PlayedCluster = {
    ...{ kubeconfig: api.kubeconfig, asked: api.asked, close: api.close },
    answer: () => undefined,
    put: (object) => void put(object),
    find: (kind, name) => [...objects.values()].find((object) => object.kind === kind && object.metadata.name === name),
    forget: () => {
      forgotten = api.asked.length;
    },
    changes: () =>
      api.asked
        .slice(forgotten)
        .filter(({ method }) => method !== 'GET')
        .map(spoken),
  };
  return cluster;
}

/** The API server's refusal. */
export function refused(status: number, reason: string, message = reason): PlayedAnswer {
  return { status, body: { kind: 'Status', status: 'Failure', code: status, reason, message } };
}

const rootOf = (apiVersion: string): string => (apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`);

function resourceOf([, kind, name]: (typeof kinds)[number]): object {
  return { name, kind, namespaced: !ofCluster.includes(kind), verbs: ['list', 'create', 'delete', 'watch'] };
}

function pathOf({ apiVersion, kind, metadata: { namespace, name } }: KubernetesObject): string {
  const resource = kinds.find(([version, each]) => version === apiVersion && each === kind)?.[2] ?? kind;
  const inside = namespace === undefined ? '' : `/namespaces/${namespace}`;
  return `${rootOf(apiVersion)}${inside}/${resource}/${name}`;
}

/** Which objects a list has; nothing where the path is none of a list. */
function listAt(path: string): ((object: KubernetesObject) => boolean) | undefined {
  for (const [apiVersion, kind, resource] of kinds) {
    const root = rootOf(apiVersion);
    if (!path.startsWith(`${root}/`) || !path.endsWith(`/${resource}`)) continue;
    const [, namespace] = /^\/namespaces\/([^/]+)\/[^/]+$/.exec(path.slice(root.length)) ?? [];
    if (namespace === undefined && path !== `${root}/${resource}`) continue;
    return (object) =>
      object.apiVersion === apiVersion &&
      object.kind === kind &&
      (namespace === undefined || object.metadata.namespace === namespace);
  }
  return undefined;
}

function isSelected(object: KubernetesObject, query: URLSearchParams): boolean {
  const fields: Labels = { 'metadata.name': object.metadata.name, type: String(object['type']) };
  return (
    isMatch(object.metadata.labels ?? {}, query.get('labelSelector')) && isMatch(fields, query.get('fieldSelector'))
  );
}

function isMatch(labels: Labels, selector: string | null): boolean {
  return (selector ?? '').split(',').every((term) => {
    const [name = '', value] = term.split('=');
    return name === '' || (value === undefined ? name in labels : labels[name] === value);
  });
}

/** A JSON patch that replaces fields of the metadata, as far as we send any. */
function patched(found: KubernetesObject, body: string): KubernetesObject {
  const operations = JSON.parse(body) as readonly { readonly path: string; readonly value: unknown }[];
  const changed = operations.map(({ path, value }) => [path.replace('/metadata/', ''), value]);
  return { ...found, metadata: { ...found.metadata, ...Object.fromEntries(changed) } };
}

function spoken({ method, path, query }: PlayedRequest): string {
  const what = path.split('/').slice(-2).join('/');
  return `${method} ${what}${query.get('dryRun') === null ? '' : ' (dry run)'}`;
}
