import { type Login, loginFor } from '../../../shared/logins/index.js';
import type { KubernetesObject, ResourceType } from '../kubernetes.js';
import { type Mark, marksOf } from '../marks.js';
import { pullSecret } from '../pull-secret.js';
import { fields, items, podTemplate, withPodTemplate } from './pod-templates.js';

type Fields = Readonly<Record<string, unknown>>;

export interface Preparation {
  readonly mark: Mark;
  readonly namespace: string;
  /** What every container is told. */
  readonly variables: Readonly<Record<string, string>>;
  /** Name of the Secret with the credentials. */
  readonly pullSecret: string;
  readonly logins: readonly Pick<Login, 'host'>[];
}

/** An author's object as it is applied: in its namespace, with our marks, and with what its containers are told. */
export function preparedObject(
  object: KubernetesObject,
  type: Pick<ResourceType, 'namespaced'>,
  preparation: Preparation,
): KubernetesObject {
  const { mark, namespace } = preparation;
  const { labels, annotations } = marksOf(mark);
  const { namespace: said, ...metadata } = object.metadata;
  const placed: KubernetesObject = {
    ...object,
    metadata: {
      ...metadata,
      ...(type.namespaced && { namespace: said ?? namespace }),
      labels: { ...metadata.labels, ...labels },
      annotations: { ...metadata.annotations, ...annotations },
    },
  };
  return withPodTemplate(claimsMarked(withProtocols(placed), labels), {
    labels,
    spec: (spec) => preparedPod(spec, preparation),
  });
}

/** Ports are told apart by protocol too: before Kubernetes 1.21 server-side apply takes none that leaves its default out. */
function withProtocols(object: KubernetesObject): KubernetesObject {
  const spec = fields(object['spec']);
  if (object.kind !== 'Service' || !Array.isArray(spec?.['ports'])) return object;
  return { ...object, spec: { ...spec, ports: items(spec['ports']).map((port) => ({ protocol: 'TCP', ...port })) } };
}

/** What a StatefulSet makes of these is no object of the component: only a mark tells later whose data it is. */
function claimsMarked(object: KubernetesObject, labels: Readonly<Record<string, string>>): KubernetesObject {
  const spec = fields(object['spec']);
  if (object.kind !== 'StatefulSet' || !Array.isArray(spec?.['volumeClaimTemplates'])) return object;
  const claims = items(spec['volumeClaimTemplates']).map((claim) => {
    const metadata = fields(claim['metadata']) ?? {};
    return { ...claim, metadata: { ...metadata, labels: { ...fields(metadata['labels']), ...labels } } };
  });
  return { ...object, spec: { ...spec, volumeClaimTemplates: claims } };
}

function preparedPod(spec: Fields, { variables, pullSecret, logins }: Preparation): Fields {
  const lists = ['initContainers', 'containers'].filter((list) => Array.isArray(spec[list]));
  const containers = lists.map((list) => [list, items(spec[list]).map((each) => preparedContainer(each, variables))]);
  const needsSecret = imagesOf(spec).some((image) => loginFor(image, logins));
  const others = items(spec['imagePullSecrets']).filter(({ name }) => name !== pullSecret);
  return {
    ...spec,
    ...Object.fromEntries(containers),
    ...(needsSecret && { imagePullSecrets: [...others, { name: pullSecret }] }),
  };
}

function preparedContainer(written: Fields, variables: Readonly<Record<string, string>>): Fields {
  const ports = items(written['ports']).map((port) => ({ protocol: 'TCP', ...port }));
  const container = ports.length === 0 ? written : { ...written, ports };
  const names = Object.keys(variables);
  if (names.length === 0) return container;
  const others = items(container['env']).filter(({ name }) => !names.includes(String(name)));
  // Ours first: the author's may refer to them with $(NAME), which only works backwards.
  return { ...container, env: [...Object.entries(variables).map(([name, value]) => ({ name, value })), ...others] };
}

/** The Secret with which pods of the component pull, where any of its images is from a registry that we have a login for. */
export function pullSecretOf(
  objects: readonly KubernetesObject[],
  logins: readonly Login[],
  { mark, namespace, pullSecret: name }: Pick<Preparation, 'mark' | 'namespace' | 'pullSecret'>,
): readonly KubernetesObject[] {
  const places = new Map<string, Set<Login>>();
  for (const object of objects) {
    const { spec = {} } = podTemplate(object) ?? {};
    const known = logins.filter((login) => imagesOf(spec).some((image) => loginFor(image, [login])));
    const place = object.metadata.namespace ?? namespace;
    for (const login of known) places.set(place, (places.get(place) ?? new Set()).add(login));
  }
  return [...places].map(([place, used]) => pullSecret({ mark, name, namespace: place }, [...used]));
}

function imagesOf(spec: Fields): string[] {
  return ['initContainers', 'containers'].flatMap((list) => items(spec[list]).map(({ image }) => String(image ?? '')));
}
