import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path' | 'header' | 'body';
  readonly required?: boolean;
  readonly type?: string;
  readonly maximum?: number;
  readonly schema?: object;
}
interface Described {
  readonly parameters: readonly (Parameter | { readonly $ref: string })[];
  readonly responses: Readonly<Record<string, { readonly schema?: object } | { readonly $ref: string }>>;
}
interface Document {
  readonly basePath: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly responses: Readonly<Record<string, { readonly schema?: object }>>;
  readonly definitions: Readonly<Record<string, { readonly properties?: object; additionalProperties?: unknown }>>;
}

/** A request as it came over the wire. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}
export interface SeenReply {
  readonly status: number;
  readonly body: string;
}

/** Of our own headers those that HTTP has anyway; all others must be described. */
const ordinary = /^(?:host|connection|accept|content-(?:type|length)|authorization|transfer-encoding)$/;

/**
 * Harbor's published description (in part, see `description/`), and whether an exchange is as it says. Stricter than it is:
 * members that it does not name are faults, be it of a request or of a reply.
 */
export class Description {
  readonly #document: Document;
  readonly #ajv = addFormats.default(new Ajv({ strict: false, formats: { int64: true, int32: true, int: true } }));
  readonly #validators = new Map<string, ValidateFunction>();

  constructor() {
    this.#document = parse(readFileSync(join(import.meta.dirname, 'description', 'harbor-v2.0.yaml'), 'utf8'));
    for (const each of Object.values(this.#document.definitions)) {
      if (each.properties) each.additionalProperties = false;
    }
    this.#ajv.addSchema(this.#document, 'harbor');
  }

  /** What is wrong with an exchange, in words. */
  faults({ method, target, headers, body }: SeenRequest, reply: SeenReply): string[] {
    const at = `${method} ${target}`;
    const url = new URL(target, 'http://harbor');
    const found = this.#operation(method, url.pathname);
    if (!found) return [`${at}: is not described`];
    const { operation, params } = found;
    const described = operation.parameters.map((one) => this.#resolved<Parameter>(one));
    const faults: string[] = [];
    const named = (place: Parameter['in'], name: string) =>
      described.find((one) => one.in === place && one.name.toLowerCase() === name.toLowerCase());
    const check = (place: Parameter['in'], name: string, value: string) => {
      const parameter = named(place, name);
      if (!parameter) faults.push(`${at}: ${place} ${name} is not described`);
      else if (!fits(parameter, value)) faults.push(`${at}: ${place} ${name} cannot be ${value}`);
    };
    for (const [name, value] of url.searchParams) check('query', name, value);
    for (const [name, value] of params) check('path', name, value);
    for (const [name, value] of Object.entries(headers)) {
      if (!ordinary.test(name) && (named('header', name) || name.startsWith('x-')))
        check('header', name, String(value));
    }
    for (const { name, in: place, required } of described) {
      if (required === true && place === 'query' && !url.searchParams.has(name)) faults.push(`${at}: lacks ${name}`);
    }
    const inBody = described.find((one) => one.in === 'body');
    if (inBody?.schema) faults.push(...this.#matches(`${at}: body`, inBody.schema, body));
    else if (body !== '') faults.push(`${at}: has a body, which is not described`);

    const answer = operation.responses[String(reply.status)];
    // Not described, and yet given: by what stands before Harbor (429, 5xx), and for rules of a project (412).
    if (!answer)
      return [412, 429, 502, 503].includes(reply.status)
        ? faults
        : [...faults, `${at}: ${reply.status} is not described`];
    const { schema } = this.#resolved<{ readonly schema?: object }>(answer);
    if (schema) faults.push(...this.#matches(`${at}: ${reply.status}`, schema, reply.body));
    return faults;
  }

  #operation(method: string, path: string) {
    for (const [template, methods] of Object.entries(this.#document.paths)) {
      const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
      const pattern = new RegExp(`^${this.#document.basePath}${template.replaceAll(/\{\w+\}/g, '([^/]+)')}$`);
      const values = pattern.exec(path)?.slice(1);
      const operation = methods[method.toLowerCase()];
      if (values && operation) return { operation, params: names.map((name, at) => [name, values[at] ?? ''] as const) };
    }
    return undefined;
  }

  #resolved<T>(one: T | { readonly $ref: string }): T {
    if (!(typeof one === 'object' && one !== null && '$ref' in one)) return one as T;
    const [, group, name] = /^#\/(\w+)\/(\w+)$/.exec(one.$ref) ?? [];
    return (this.#document as unknown as Record<string, Record<string, T>>)[group ?? '']?.[name ?? ''] as T;
  }

  #matches(where: string, schema: object, text: string): string[] {
    const key = JSON.stringify(schema);
    let validate = this.#validators.get(key);
    if (!validate) {
      validate = this.#ajv.compile(JSON.parse(key.replaceAll('"#/definitions/', '"harbor#/definitions/')));
      this.#validators.set(key, validate);
    }
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return [`${where}: is no JSON: ${text.slice(0, 80)}`];
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${where}${instancePath}: ${message} ${JSON.stringify(params)}`,
    );
  }
}

function fits({ name, in: place, type, maximum }: Parameter, value: string): boolean {
  if (type === 'integer') return /^\d+$/.test(value) && (maximum === undefined || Number(value) <= maximum);
  if (type === 'boolean') return value === 'true' || value === 'false';
  // A slash is encoded twice, and nothing that would have to be encoded once is left as it is.
  if (place === 'path' && name === 'repository_name') return /^[a-z0-9._%-]+$/i.test(value) && !/%2f/i.test(value);
  return true;
}
