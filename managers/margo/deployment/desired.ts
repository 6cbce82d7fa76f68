import type { DesiredApplication, DesiredComponent, Json } from '../../../core/ports/index.js';
import type { Component, Parameters } from '../application/description.js';
import { readDuration } from '../duration.js';
import type { Deployment } from './deployment.js';

/** Ten minutes: what a component gets whose deployment names no timeout. The standard has no default. */
export const defaultTimeout = 10 * 60 * 1000;

/** What a target is asked for: timeouts in milliseconds, defaults filled in, parameters by component and pointer. */
export function desiredApplication(deployment: Deployment): DesiredApplication {
  return {
    id: deployment.id,
    name: deployment.name,
    namespace: deployment.namespace,
    ...(deployment.labels && { labels: deployment.labels }),
    applicationId: deployment.applicationId,
    deploymentType: deployment.profile.type,
    components: deployment.profile.components.map((component) => desiredComponent(component, deployment.parameters)),
  };
}

function desiredComponent({ name, properties, extensions }: Component, parameters: Parameters): DesiredComponent {
  const { wait = true, timeout, keyLocation } = properties;
  return {
    name,
    ...sourceOf(properties),
    wait,
    timeout: (timeout === undefined ? undefined : readDuration(timeout)?.milliseconds) ?? defaultTimeout,
    properties: { ...(keyLocation !== undefined && { keyLocation }), ...extensions },
    parameters: parametersOf(name, parameters),
  };
}

/** An address of `https:` stays what it is, without a revision: whether it can be used is for the target to say. */
function sourceOf(properties: Component['properties']): Pick<DesiredComponent, 'repository' | 'revision'> {
  const { repository, revision = '', packageLocation = '' } = properties;
  if (repository !== undefined) return { repository, revision };
  const [, path, reference] = /^(oci:\/\/[^/]+\/[^:@]+)[:@](.+)$/.exec(packageLocation) ?? [];
  return { repository: path ?? packageLocation, revision: reference ?? revision };
}

function parametersOf(component: string, parameters: Parameters): Record<string, Json> {
  return Object.fromEntries(
    Object.values(parameters).flatMap(({ value, targets }) =>
      value === undefined
        ? []
        : targets.filter(({ components }) => components.includes(component)).map(({ pointer }) => [pointer, value]),
    ),
  );
}
