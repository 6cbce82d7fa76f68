import { z } from 'zod';
import type { Operation } from '../../operation/index.js';

/** All that is wrong with where HTTP finds an operation, a line each. */
export function routeFaults({ id, input, http, idempotency }: Operation): string[] {
  const { method, path, aliases = [], query = [], body } = http;
  const fields = fieldsOf(input);
  const faults = [path, ...aliases].flatMap((template) => templateFaults(template));
  const inPath = namesIn(path);
  for (const name of new Set([path, ...aliases].flatMap(namesIn))) {
    if (fields && !fields.all.has(name)) faults.push(`the path names ${name}, which the input does not have`);
  }
  for (const name of inPath) {
    if (fields?.all.has(name) && !fields.required.has(name)) faults.push(`the path needs ${name}, which may be absent`);
  }
  for (const name of [...query, ...(body === undefined ? [] : [body])]) {
    if (fields && !fields.all.has(name)) faults.push(`query or body names ${name}, which the input does not have`);
    if (inPath.includes(name)) faults.push(`${name} is in the path, and in the query or body as well`);
  }
  if (method === 'GET') {
    const left = [...(fields?.all ?? [])].filter((name) => !inPath.includes(name) && !query.includes(name));
    if (left.length > 0) faults.push(`a GET has no body for ${left.join(', ')}; put it in \`query\``);
    if (idempotency !== 'safe') faults.push(`a GET is safe (RFC 9110), and ${id} is ${idempotency}`);
  }
  return faults;
}

/** `GET /devices/{}`: two operations of the same route cannot both be found. */
export function routesOf({ http: { method, path, aliases = [] } }: Operation): string[] {
  return [path, ...aliases].map((template) => `${method} ${template.replaceAll(/\{[^}+]+(\+?)\}/g, '{$1}')}`);
}

function templateFaults(template: string): string[] {
  const faults: string[] = [];
  if (!template.startsWith('/')) faults.push(`${template} does not begin with /`);
  if (template !== '/' && template.endsWith('/')) faults.push(`${template} ends with /`);
  const segments = template.split('/').slice(1);
  for (const [at, segment] of segments.entries()) {
    if (segment === '' && template !== '/') faults.push(`${template} has an empty segment`);
    if (/[?#\s]|[^\x21-\x7e]/.test(segment)) faults.push(`${template} has characters that no path has`);
    if (/[{}]/.test(segment) && !/^\{[A-Za-z][A-Za-z0-9_]*\+?\}$/.test(segment)) {
      faults.push(`${template} has a parameter that is not a whole segment, as {name} is`);
    }
    if (segment.endsWith('+}') && at < segments.length - 1) faults.push(`${template} goes on after a {name+}`);
  }
  const names = namesIn(template);
  if (new Set(names).size < names.length) faults.push(`${template} names a parameter twice`);
  return faults;
}

function namesIn(template: string): string[] {
  return [...template.matchAll(/\{([^}+]+)\+?\}/g)].map(([, name]) => name ?? '');
}

/** The fields of an input; `undefined` where its schema does not say them as those of one object. */
export function fieldsOf(
  input: z.ZodType,
): { readonly all: ReadonlySet<string>; readonly required: ReadonlySet<string> } | undefined {
  const { properties, required, additionalProperties } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' });
  if (properties === undefined || typeof additionalProperties === 'object') return undefined;
  return { all: new Set(Object.keys(properties)), required: new Set(required ?? []) };
}
