import type { z } from '../../core/plugin/index.js';
import type { InstanceRecord, UpdateInstance } from '../../managers/instance/index.js';
import type { deploymentRequest, deploymentUpdate } from './documents.js';

type Replacement = z.output<typeof deploymentRequest>;
type Update = z.output<typeof deploymentUpdate>;

/** PUT: what the document does not have is gone. */
export function replacementBy({ metadata, spec }: Replacement): UpdateInstance {
  const profile = profileIn(spec);
  return {
    name: metadata.name,
    ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
    labels: metadata.labels ?? {},
    packageId: spec.appPackageRef.id,
    device: spec.deviceRef,
    ...(profile !== undefined && { profile }),
    values: spec.parameters ?? {},
  };
}

/** PATCH: what the document does not have stays as it is. */
export function mergedInto(present: InstanceRecord, { metadata = {}, spec }: Update): UpdateInstance {
  const profile = profileIn(spec);
  return {
    ...(metadata.name !== undefined && { name: metadata.name }),
    ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
    ...(metadata.labels && { labels: merged(present.labels, metadata.labels) }),
    ...(spec.appPackageRef && { packageId: spec.appPackageRef.id }),
    ...(spec.deviceRef && { device: spec.deviceRef }),
    ...(profile !== undefined && { profile }),
    ...(spec.parameters && { values: merged(present.values, spec.parameters) }),
  };
}

/** The profile that a document asks for, by id or else by type. */
export function profileIn({ deploymentProfile }: Pick<Update['spec'], 'deploymentProfile'>): string | undefined {
  return deploymentProfile?.id ?? deploymentProfile?.type;
}

/** As RFC 7396 has it, one level deep: a value is replaced as a whole. */
function merged<T>(
  present: Readonly<Record<string, T>>,
  changes: Readonly<Record<string, T | null>>,
): Readonly<Record<string, T>> {
  const kept = Object.entries(present).filter(([key]) => !Object.hasOwn(changes, key));
  const given = Object.entries(changes).flatMap(([key, value]): [string, T][] =>
    value === null ? [] : [[key, value]],
  );
  return Object.fromEntries([...kept, ...given]);
}
