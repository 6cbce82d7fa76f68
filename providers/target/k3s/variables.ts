import type { DesiredComponent, Json } from '../../../core/plugin/index.js';
import type { K3sConfig } from './config.js';

/** The collector's endpoints as containers are told of them (Margo, publishing observability data). */
export function otlpVariables(otlp: K3sConfig['otlp']): Record<string, string> {
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

/** Pointer to text: strings as they are, everything else as JSON. */
export function parameterVariables(parameters: DesiredComponent['parameters']): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).map(([pointer, value]) => [pointer, asText(value)]));
}

function asText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
