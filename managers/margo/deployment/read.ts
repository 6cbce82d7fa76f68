import { readComponents } from '../application/components.js';
import type { DeployedProfile, JsonObject } from '../application/description.js';
import { readParameters } from '../application/parameters.js';
import { readType } from '../application/profiles.js';
import { Place, Report } from '../document/place.js';
import { readYaml } from '../document/yaml.js';
import type { Finding } from '../finding.js';
import type { Deployment } from './deployment.js';

export interface DeploymentReading {
  /** Absent exactly when there are faults. */
  readonly deployment?: Deployment;
  readonly faults: readonly Finding[];
}

/**
 * Reads an ApplicationDeployment (section "Desired State") in any of its forms: with ids in annotations or not, with or
 * without `apiVersion` and `kind`. Keys that are not known are ignored. Never throws for what the bytes say.
 */
export function readDeployment(bytes: Uint8Array): DeploymentReading {
  const { document, faults } = readYaml(bytes);
  if (!document) return { faults };
  const report = new Report();
  const root = Place.root(document, report);
  const deployment = root.element() ? readRoot(root) : undefined;
  return deployment && report.faults.length === 0 ? { deployment, faults: [] } : { faults: report.faults };
}

function readRoot(root: Place): Deployment | undefined {
  const kind = root.at('kind').text();
  if (kind !== undefined && kind !== 'ApplicationDeployment')
    root.at('kind').fault('wrong-kind', `must be ApplicationDeployment, not "${kind}"`);
  const metadata = root.at('metadata');
  const annotations = metadata.at('annotations');
  if (!metadata.element()) return undefined;
  const id = readId(
    root.at('id').present ? root.at('id') : annotations.at('id').present ? annotations.at('id') : root.at('id'),
  );
  const name = readName(metadata.at('name'));
  const deviceId = metadata.at('deviceId').text();
  const labels = readLabels(metadata.at('labels'));
  const spec = root.at('spec');
  if (!spec.element()) return undefined;
  const applicationId = spec.at('applicationId').text() ?? annotations.at('applicationId').text();
  const profile = readProfile(spec.at('deploymentProfile'));
  const components = new Set(profile?.components.map((component) => component.name));
  const parameters = readParameters(spec.at('parameters'), components);
  const namespace = metadata.at('namespace').text() ?? 'default';
  if (id === undefined || name === undefined || profile === undefined) return undefined;
  return {
    ...{ id, name, namespace },
    ...(deviceId !== undefined && { deviceId }),
    applicationId: applicationId ?? name,
    ...(labels && { labels }),
    ...{ profile, parameters },
  };
}

function readId(place: Place): string | undefined {
  const id = place.present ? place.text() : place.missing('fault');
  // Ids become names of files and labels of workloads.
  if (id === undefined || isDeploymentId(id)) return id;
  return place.fault('bad-id', 'must be letters, digits, ".", "_", "~" and "-", at most 200');
}

export function isDeploymentId(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._~-]{0,199}$/.test(text);
}

function readName(place: Place): string | undefined {
  const name = place.present ? place.text() : place.missing('fault');
  if (name === undefined || /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,252}$/.test(name)) return name;
  return place.fault('bad-name', 'must be letters, digits, dots and dashes, at most 253');
}

function readLabels(place: Place): Record<string, string> | undefined {
  if (!place.present || !place.object()) return undefined;
  return Object.fromEntries(
    place.keys().flatMap((key) => {
      const value = place.at(key).text('warn');
      return value === undefined ? [] : [[key, value]];
    }),
  );
}

function readProfile(place: Place): DeployedProfile | undefined {
  if (!place.element()) return undefined;
  const type = readType(place.at('type'), 'silent');
  const components = readComponents(place.at('components'), type);
  const at = place.at('deviceConstraints');
  const deviceConstraints = at.object() ? (at.value as JsonObject) : undefined;
  if (type === undefined) return undefined;
  return { type, components, ...(deviceConstraints && { deviceConstraints }), extensions: place.extensions() };
}
