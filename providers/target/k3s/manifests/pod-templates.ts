import type { KubernetesObject } from '../kubernetes.js';

type Fields = Readonly<Record<string, unknown>>;

/** A pod as a workload writes it, and where that is in the object. */
export interface PodTemplate {
  /** `spec.template.spec`: for a person. */
  readonly path: string;
  readonly spec: Fields;
}

const templates: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  ReplicationController: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

/** The pod that an object makes; nothing for those that make none. */
export function podTemplate(object: KubernetesObject): PodTemplate | undefined {
  const path = pathOf(object);
  const spec = path && fields(at(object, [...path, 'spec']));
  return spec && path && { path: [...path, 'spec'].join('.'), spec };
}

/** The object with another pod: its labels, and its specification. */
export function withPodTemplate(
  object: KubernetesObject,
  change: { readonly labels: Readonly<Record<string, string>>; readonly spec: (spec: Fields) => Fields },
): KubernetesObject {
  const path = pathOf(object);
  if (path === undefined || podTemplate(object) === undefined) return object;
  const changed = (template: Fields): Fields => {
    const metadata = fields(template['metadata']) ?? {};
    return {
      ...template,
      metadata: { ...metadata, labels: { ...fields(metadata['labels']), ...change.labels } },
      spec: change.spec(fields(template['spec']) ?? {}),
    };
  };
  return replaced(object, path, changed) as KubernetesObject;
}

function pathOf({ apiVersion, kind }: KubernetesObject): readonly string[] | undefined {
  // A custom resource may bear the name of a workload without being one.
  const own = apiVersion === 'v1' || apiVersion.startsWith('apps/') || apiVersion.startsWith('batch/');
  return own && Object.hasOwn(templates, kind) ? templates[kind] : undefined;
}

function replaced(value: Fields, path: readonly string[], change: (inner: Fields) => Fields): Fields {
  const [first, ...rest] = path;
  if (first === undefined) return change(value);
  return { ...value, [first]: replaced(fields(value[first]) ?? {}, rest, change) };
}

function at(value: Fields, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => fields(inner)?.[name], value);
}

/** A mapping, or nothing. */
export function fields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** The mappings of a list. */
export function items(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fields).filter((item) => item !== undefined) : [];
}
