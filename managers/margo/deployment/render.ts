import { stringify } from 'yaml';
import type { Json } from '../../../core/ports/index.js';
import type { Component, DeployedProfile } from '../application/description.js';
import type { SignedForm } from '../forms.js';
import type { Deployment } from './deployment.js';

/**
 * The YAML that a device gets (section "Desired State"), byte for byte the same for equal deployments.
 *
 * D1 carries its ids as annotations and knows neither device nor constraints; D2 carries all of it.
 */
export function renderDeployment(deployment: Deployment, form: SignedForm): Uint8Array {
  const document = form === 'D1' ? firstForm(deployment) : secondForm(deployment);
  // All texts in quotes and no folding: what one YAML version takes for a number or `yes`, another takes for text.
  const text = stringify(document, {
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
    lineWidth: 0,
    aliasDuplicateObjects: false,
  });
  return new TextEncoder().encode(text);
}

function firstForm({ id, applicationId, name, namespace, profile, parameters }: Deployment): Json {
  return {
    apiVersion: 'application.margo.org/v1alpha1',
    kind: 'ApplicationDeployment',
    metadata: { annotations: { applicationId, id }, name, namespace },
    spec: {
      deploymentProfile: {
        type: profile.type === 'helm' ? 'helm.v3' : profile.type,
        components: profile.components.map((component) => firstFormComponent(component, profile)),
        ...sorted(profile.extensions),
      },
      parameters: parametersOf(parameters),
    },
  };
}

function firstFormComponent({ name, properties, extensions }: Component, profile: DeployedProfile): Json {
  const { repository, revision, packageLocation, keyLocation, wait, timeout } = properties;
  const located = profile.type === 'compose' && packageLocation !== undefined;
  const source = located
    ? { packageLocation, ...(keyLocation !== undefined && { keyLocation }) }
    : { ...(repository !== undefined && { repository }), ...(revision !== undefined && { revision }) };
  // PR1 writes `wait` as text in all of its examples.
  const start = { ...(wait !== undefined && { wait: String(wait) }), ...(timeout !== undefined && { timeout }) };
  return { name, properties: { ...source, ...start }, ...sorted(extensions) };
}

function secondForm(deployment: Deployment): Json {
  const { id, name, namespace, deviceId, labels, applicationId, profile, parameters } = deployment;
  return {
    apiVersion: 'margo.org/v1alpha1',
    kind: 'ApplicationDeployment',
    id,
    metadata: {
      ...{ name, namespace },
      ...(deviceId !== undefined && { deviceId }),
      ...(labels && Object.keys(labels).length > 0 && { labels: sorted(labels) }),
    },
    spec: {
      applicationId,
      deploymentProfile: {
        type: profile.type,
        components: profile.components.map(secondFormComponent),
        ...(profile.deviceConstraints && { deviceConstraints: sorted(profile.deviceConstraints) }),
        ...sorted(profile.extensions),
      },
      parameters: parametersOf(parameters),
    },
  };
}

function secondFormComponent({ name, properties, extensions }: Component): Json {
  const { repository, revision, packageLocation, keyLocation, wait, timeout } = properties;
  const source =
    repository === undefined
      ? { ...(packageLocation !== undefined && { packageLocation }), ...(keyLocation !== undefined && { keyLocation }) }
      : { repository, ...(revision !== undefined && { revision }) };
  const start = { ...(wait !== undefined && { wait }), ...(timeout !== undefined && { timeout }) };
  return { name, properties: { ...source, ...start }, ...sorted(extensions) };
}

/** A parameter without a value has nothing to say to a device. */
function parametersOf(parameters: Deployment['parameters']): Json {
  const set = Object.entries(parameters).flatMap(([name, { value, targets }]) =>
    value === undefined
      ? []
      : [[name, { value, targets: targets.map(({ pointer, components }) => ({ pointer, components })) }] as const],
  );
  return sorted(Object.fromEntries(set));
}

/** Keys in code-unit order, so that it does not matter through which store an object went. */
function sorted<T extends Json>(value: T): T {
  if (Array.isArray(value)) return value.map(sorted) as unknown as T;
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  const inOrder = members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(inOrder.map(([key, member]) => [key, sorted(member as Json)])) as T;
}
