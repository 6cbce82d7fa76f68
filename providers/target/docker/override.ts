import type { DesiredApplication, DesiredComponent, Json } from '../../../core/plugin/index.js';
import type { DockerConfig } from './config.js';
import { labels } from './project.js';
import type { PinnedImage } from './revision.js';
import type { ServiceModel } from './service-model.js';

/** What Compose puts over the component's own file. */
export interface Override {
  readonly services: Readonly<Record<string, ServiceOverride>>;
}

interface ServiceOverride {
  readonly labels: Record<string, string>;
  readonly environment: Record<string, string>;
  readonly image?: string;
  readonly pull_policy?: 'never';
}

/**
 * The labels by which we find the containers again, and the environment that every container gets: the collector's
 * endpoints (Margo, publishing observability data), and the parameters, whose pointer is the variable's name. Images are
 * those that were found when the revision was first applied, whatever their tags name by now.
 */
export function overrideFile(
  application: Pick<DesiredApplication, 'id' | 'name'>,
  component: DesiredComponent,
  applied: string,
  services: readonly Pick<ServiceModel, 'name' | 'image'>[],
  images: Readonly<Record<string, Pick<PinnedImage, 'pin'>>>,
  config: Pick<DockerConfig, 'owner' | 'otlp'>,
): Override {
  const marks = escaped({
    [labels.owner]: config.owner,
    [labels.application]: application.id,
    [labels.applicationName]: application.name,
    [labels.component]: component.name,
    [labels.applied]: applied,
    [labels.services]: services
      .map(({ name }) => name)
      .sort()
      .join(','),
  });
  const environment = escaped({ ...otlpVariables(config.otlp), ...parameterVariables(component.parameters) });
  const service = ({ image }: Pick<ServiceModel, 'image'>): ServiceOverride => {
    const pin = image === undefined ? undefined : images[image]?.pin;
    return { labels: marks, environment, ...(pin !== undefined && { image: pin, pull_policy: 'never' }) };
  };
  return { services: Object.fromEntries(services.map((each) => [each.name, service(each)])) };
}

/** Pointer to text: strings as they are, everything else as JSON. */
export function parameterVariables(parameters: DesiredComponent['parameters']): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).map(([pointer, value]) => [pointer, asText(value)]));
}

/**
 * The parameters for interpolation (`${NAME}` in the compose file), in the format of env files. They do not go into the
 * environment of the compose program itself, where a parameter such as DOCKER_HOST would steer it.
 */
export function environmentFile(parameters: DesiredComponent['parameters']): string {
  return Object.entries(parameterVariables(parameters))
    .filter(([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    .map(([name, value]) => `${name}=${quoted(value)}\n`)
    .join('');
}

function quoted(value: string): string {
  // Nothing is expanded between single quotes; there is no way to write one there.
  if (!/['\\\n\r]/.test(value)) return `'${value}'`;
  const escapes: Record<string, string> = { '\n': '\\n', '\r': '\\r' };
  return `"${value.replace(/[\\"$\n\r]/g, (character) => escapes[character] ?? `\\${character}`)}"`;
}

function asText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function otlpVariables(otlp: DockerConfig['otlp']): Record<string, string> {
  if (otlp === undefined) return {};
  return {
    HTTP_OTEL_EXPORTER_OTLP_ENDPOINT: otlp.http,
    ...(otlp.grpc !== undefined && { GRPC_OTEL_EXPORTER_OTLP_ENDPOINT: otlp.grpc }),
    ...(otlp.certificate !== undefined && { OTEL_EXPORTER_OTLP_CERTIFICATE: otlp.certificate }),
    OTEL_EXPORTER_OTLP_PROTOCOL: otlp.protocol,
    // The standard's two names are not those that SDKs read.
    OTEL_EXPORTER_OTLP_ENDPOINT: otlp.protocol === 'grpc' ? (otlp.grpc ?? otlp.http) : otlp.http,
  };
}

/** `$` begins an interpolation in a compose file, in values alone. */
function escaped(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.replaceAll('$', '$$$$')]));
}
