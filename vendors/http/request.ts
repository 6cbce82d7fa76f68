import type { IncomingMessage } from 'node:http';
import { type Evidence, type Operation, Problem, problems } from '../../core/operation/index.js';
import type { z } from '../../core/plugin/index.js';

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a body whole.
 *
 * @param limit bytes; one more is refused, before reading when Content-Length already tells
 * @throws {@link Problem} 413 or 415
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array | undefined> {
  const { 'content-length': length, 'transfer-encoding': transfer, 'content-encoding': encoding } = request.headers;
  if (length === undefined && transfer === undefined) return undefined;
  if (encoding !== undefined && encoding !== 'identity') {
    throw new Problem(
      problems.unsupportedMediaType,
      `Content-Encoding ${encoding} is not taken; send the body as it is`,
    );
  }
  if (Number(length) > limit) throw tooLarge(limit);
  const chunks: Buffer[] = [];
  let received = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    received += chunk.length;
    if (received > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  if (received === 0) return undefined;
  const [only] = chunks;
  return chunks.length === 1 && only ? only : Buffer.concat(chunks, received);
}

function tooLarge(limit: number): Problem {
  return new Problem(problems.tooLarge, `the body may have at most ${limit} bytes`);
}

/**
 * The input's fields from where the operation's HTTP shape has them: path, query, JSON body. What is not asked for is
 * passed on where a strict input schema will say so, beside all else that is wrong; it never fills another field.
 *
 * @throws {@link Problem} 400 for unreadable JSON, 415 for another media type
 */
export function assembleInput(operation: Operation, evidence: Evidence, query: URLSearchParams): unknown {
  const { http } = operation;
  // Without a prototype, so that no name of a field (`constructor`, `__proto__`) means anything but itself.
  const fields: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  if (evidence.body !== undefined) {
    const body = parseJson(evidence.body, evidence.headers['content-type']);
    if (http.body !== undefined) fields[http.body] = body;
    else if (body !== null && typeof body === 'object' && !Array.isArray(body)) Object.assign(fields, body);
    else throw new Problem(problems.invalidRequest, 'the body must be a JSON object');
  } else if (http.body !== undefined) {
    throw new Problem(problems.invalidRequest, 'a JSON document is needed as the body');
  }
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name);
    if (http.query?.includes(name) !== true) {
      const shape = strictShape(operation.input);
      if (shape) fields[Object.hasOwn(shape, name) ? `${name} (in the query)` : name] = values;
      continue;
    }
    if (name in fields) throw new Problem(problems.invalidRequest, `${name} is given in the query and in the body`);
    fields[name] = values.length === 1 ? values[0] : values;
  }
  return Object.assign(fields, evidence.params);
}

/** The fields of an input that takes no others; `undefined` for one that does. */
function strictShape(input: z.ZodType): Readonly<Record<string, z.ZodType>> | undefined {
  const { in: before, innerType, shape, catchall } = input._zod.def as InputParts;
  const inner = before ?? innerType;
  if (inner) return strictShape(inner);
  return catchall?._zod.def.type === 'never' ? shape : undefined;
}

/** What zod keeps of objects, and of what may be around them. */
interface InputParts {
  readonly in?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly catchall?: z.ZodType;
}

function parseJson(body: Uint8Array, contentType: string | undefined): unknown {
  if (contentType !== undefined && !/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(contentType)) {
    throw new Problem(problems.unsupportedMediaType, `expected application/json, got ${contentType}`);
  }
  let text: string;
  try {
    text = decoder.decode(body);
  } catch (cause) {
    throw new Problem(problems.invalidRequest, 'the body is not valid UTF-8', { cause });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const where = cause instanceof Error ? cause.message : String(cause);
    throw new Problem(problems.invalidRequest, `the body is not valid JSON: ${where}`, { cause });
  }
}
