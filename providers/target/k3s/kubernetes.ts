/**
 * A Kubernetes object as the API has it, as far as everybody needs it. What is in it besides is kept as it came: the types
 * of a client library would drop what a newer cluster knows.
 */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMetadata;
  readonly [field: string]: unknown;
}

export interface ObjectMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
}

export interface OwnerReference {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

/** Which object: enough to find it again. */
export interface ObjectKey {
  readonly apiVersion: string;
  readonly kind: string;
  /** None for an object of the whole cluster. */
  readonly namespace?: string;
  readonly name: string;
}

/** A kind of object, by the path that the API serves it under. */
export interface ResourceType {
  /** `v1`, `apps/v1`, `helm.cattle.io/v1`. */
  readonly apiVersion: string;
  readonly kind: string;
  /** Plural, as paths have it: `deployments`. */
  readonly resource: string;
  readonly namespaced: boolean;
  /** Whether objects of it are made, listed and deleted; not so for a review, or for what is computed from others. */
  readonly stored: boolean;
}

export function keyOf({ apiVersion, kind, metadata: { name, namespace } }: KubernetesObject): ObjectKey {
  return { apiVersion, kind, name, ...(namespace !== undefined && { namespace }) };
}

/** For a person: `Deployment line-a/web`. */
export function shown({ kind, namespace, name }: Pick<ObjectKey, 'kind' | 'namespace' | 'name'>): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}
