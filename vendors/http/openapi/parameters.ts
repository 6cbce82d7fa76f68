import { type Operation, problems } from '../../../core/operation/index.js';
import type { Components } from './components.js';
import type { Place } from './paths.js';
import type { JsonObject } from './schemas.js';

/** An operation's input, taken apart as its HTTP shape has it. */
export interface Parts {
  readonly parameters: readonly JsonObject[];
  readonly requestBody?: JsonObject;
}

/** @param input its JSON Schema, without a reference at its root */
export function partsOf({ http }: Operation, place: Place, input: JsonObject): Parts {
  const properties = (input['properties'] ?? {}) as Readonly<Record<string, JsonObject>>;
  const required = (input['required'] ?? []) as readonly string[];
  const inPath = [...place.names].map(([name, shown]) => ({
    name: shown,
    in: 'path',
    required: true,
    ...(place.rest.has(name) && { description: 'The rest of the path; slashes may stand as they are' }),
    schema: properties[name] ?? { type: 'string' },
  }));
  const inQuery = (http.query ?? []).map((name) => {
    const { description, ...schema } = properties[name] ?? {};
    return {
      name,
      in: 'query',
      required: required.includes(name),
      ...(description !== undefined && { description }),
      schema,
    };
  });
  const parameters = [...inPath, ...inQuery];
  const body = bodyOf();
  return { parameters, ...(body && { requestBody: body }) };

  function bodyOf(): JsonObject | undefined {
    if (http.method === 'GET') return undefined;
    if (http.body !== undefined) return jsonBody(properties[http.body] ?? {}, true);
    // A union of shapes, for one: as it is, for it cannot be taken apart.
    if (input['properties'] === undefined && input['type'] !== 'object') return jsonBody(input, true);
    const elsewhere = new Set([...place.names.keys(), ...(http.query ?? [])]);
    const rest = Object.entries(properties).filter(([name]) => !elsewhere.has(name));
    const open = input['additionalProperties'] !== undefined && input['additionalProperties'] !== false;
    if (rest.length === 0 && !open) return undefined;
    const needed = required.filter((name) => !elsewhere.has(name));
    const { required: _required, ...shape } = input;
    return jsonBody(
      { ...shape, properties: Object.fromEntries(rest), ...(needed.length > 0 && { required: needed }) },
      needed.length > 0,
    );
  }
}

function jsonBody(schema: JsonObject, required: boolean): JsonObject {
  return { required, content: { 'application/json': { schema } } };
}

/** The header fields that mean something to an operation, as references. */
export function fieldsOf({ output, idempotency, problems: own }: Operation, components: Components): JsonObject[] {
  const safe = idempotency === 'safe';
  const fields: [name: string, description: string][] = [
    ['X-Correlation-ID', 'Ties the call to its lines in the log; a new one is made where it is absent'],
  ];
  if (output.kind === 'representation' || (output.kind === 'value' && safe)) {
    fields.push(['If-None-Match', 'The ETag of what the caller has: 304 when it is the present one']);
  }
  if (own.some(({ status }) => status === problems.preconditionFailed.status)) {
    fields.push(['If-Match', 'The ETag of what the caller believes to change: 412 when it is another one by now']);
  }
  if (idempotency === 'once') {
    fields.push([
      'Idempotency-Key',
      'A text of the caller’s choice, at most 255 characters: calls with the same key have their effect once and get the same answer, for a day',
    ]);
  }
  if (output.kind === 'stream') {
    fields.push(['Last-Event-ID', 'The id of the last event that the caller saw: the stream goes on after it']);
  } else {
    fields.push([
      'Prefer',
      'RFC 7240: `wait=N` bounds the call to N seconds (504 after that); `return=minimal` has a change answered without a body',
    ]);
  }
  return fields.map(([name, description]) =>
    components.refer('parameters', name, {
      name,
      in: 'header',
      required: false,
      description,
      schema: { type: 'string' },
    }),
  );
}
