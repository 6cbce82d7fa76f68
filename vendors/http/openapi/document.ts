import type { Idempotency, MountedOperation } from '../../../core/operation/index.js';
import { Components } from './components.js';
import { fieldsOf, partsOf } from './parameters.js';
import { Paths, type Place } from './paths.js';
import { problemResponses } from './problems.js';
import { responsesOf } from './responses.js';
import { type JsonObject, schemasOf } from './schemas.js';
import { type Schemes, securityOf } from './security.js';

export interface Described {
  readonly title: string;
  readonly version: string;
  /** URLs by which callers address the host; relative ones are resolved against the document's own. */
  readonly servers: readonly string[];
  readonly operations: readonly MountedOperation[];
  readonly schemes: Schemes;
}

/** An OpenAPI document. */
export interface OpenApi {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  /** Path items by path. */
  readonly paths: Readonly<Record<string, JsonObject>>;
  readonly components: Readonly<Record<string, JsonObject>>;
}

/** All that a binding serves, as OpenAPI 3.1. The same operations give the same document. */
export function openApi({ title, version, servers, operations, schemes }: Described): OpenApi {
  const schemas = schemasOf(operations.map(({ operation }) => operation));
  const components = new Components();
  for (const [name, schema] of Object.entries(schemas.shared)) {
    components.refer('schemas', name, schema as JsonObject);
  }
  const paths = new Paths();
  const items = new Map<string, JsonObject>();

  for (const mounted of operations) {
    const { http } = mounted.operation;
    for (const template of [http.path, ...(http.aliases ?? [])]) {
      const place = paths.place(mounted.prefix + template);
      const item = { ...items.get(place.path), [http.method.toLowerCase()]: described(mounted, template, place) };
      items.set(place.path, item);
    }
  }
  return {
    openapi: '3.1.0',
    info: { title, version },
    servers: servers.map((url) => ({ url })),
    tags: [...new Set(operations.map(({ vendor }) => vendor))].map((name) => ({ name })),
    paths: Object.fromEntries(items),
    components: components.toJSON(),
  };

  function described(mounted: MountedOperation, template: string, place: Place): JsonObject {
    const { operation, vendor } = mounted;
    const { id, summary, http, access } = operation;
    const main = template === http.path;
    const input = schemas.inputs[id] ?? {};
    const { parameters, requestBody } = partsOf(operation, place, resolved(input));
    return {
      // Only one may have it (OpenAPI, "Operation Object"); the others say whose it is.
      ...(main && { operationId: id }),
      summary,
      description: `${main ? '' : `The same as \`${id}\` at ${mounted.prefix}${http.path}. `}For ${access.rule}. ${repetition[operation.idempotency]}`,
      tags: [vendor],
      parameters: [...parameters, ...fieldsOf(operation, components)],
      ...(requestBody && { requestBody }),
      responses: { ...responsesOf(operation, schemas.outputs[id] ?? {}), ...problemResponses(mounted, components) },
      security: securityOf(access, schemes, components),
    };
  }

  /** An input that is shared as a whole is a reference. */
  function resolved(schema: JsonObject): JsonObject {
    const name = /^#\/components\/schemas\/(.*)$/.exec(String(schema['$ref']))?.[1];
    return name === undefined ? schema : ((schemas.shared[name] ?? {}) as JsonObject);
  }
}

const repetition: Readonly<Record<Idempotency, string>> = {
  safe: 'Changes nothing.',
  idempotent: 'To call it again has the same effect as to call it once.',
  once: 'Each call has its own effect; with an `Idempotency-Key`, each key has.',
};
