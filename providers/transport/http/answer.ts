import { type IncomingHttpHeaders, type IncomingMessage, STATUS_CODES } from 'node:http';
import { cacheRule, type Operation, type Problem, problemFrom } from '../../../core/operation/index.js';
import { type Answer, TransportFault } from '../../../core/ports/index.js';

/** A whole response, of which nothing is believed yet. */
export interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly challenges: readonly string[];
  readonly body: Uint8Array;
}

/** Statuses after which the same call may succeed later, where the body does not say. */
const transient: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * What a response says of the operation that was asked for; streams are not read here.
 *
 * @param asked the fields of the call
 * @param now milliseconds since the epoch, for a Retry-After that is a date
 * @throws TransportFault `invalid` for what is no answer to it
 */
export function answerOf(
  { output }: Pick<Operation, 'output'>,
  asked: Readonly<Record<string, string>>,
  received: Received,
  now: number,
): Answer {
  const { status, headers, body } = received;
  const etag = unquoted(headers.etag);
  const mediaType = headers['content-type'] ?? 'application/octet-stream';
  if (status === 304) return { kind: 'not-modified', etag: etag ?? unquoted(asked['if-none-match']) ?? '' };
  if (status >= 300 && status < 400)
    throw invalid(`it leads to ${headers.location ?? 'another place'}, which is not followed`);
  const unavailable = status === 503 && output.kind === 'representation' && isOneOf(mediaType, output.mediaTypes);
  if (status >= 400 && !unavailable) {
    return { kind: 'problem', problem: problemOf(received, now), challenges: received.challenges };
  }
  switch (output.kind) {
    case 'empty':
      return { kind: 'empty' };
    case 'representation': {
      const cache = cacheRule(headers['cache-control']);
      return {
        kind: 'representation',
        outcome: unavailable ? 'unavailable' : 'ok',
        bytes: body,
        mediaType,
        ...(etag !== undefined && { etag }),
        ...(cache && { cache }),
      };
    }
    case 'value':
      return {
        kind: 'value',
        outcome: status === 201 ? 'created' : status === 202 ? 'accepted' : 'ok',
        value: readValue(body, mediaType),
        ...(etag !== undefined && { etag }),
        ...(headers.location !== undefined && { location: headers.location }),
      };
    case 'stream':
      throw invalid(`it is ${mediaType}, and no text/event-stream`);
  }
}

/** Whether what follows are the items of a stream. */
export function isEventStream({ statusCode, headers }: Pick<IncomingMessage, 'statusCode' | 'headers'>): boolean {
  return statusCode === 200 && isOneOf(headers['content-type'] ?? '', ['text/event-stream']);
}

/** JSON; text as text, and nothing as nothing, for whoever of the callers takes that for an answer. */
function readValue(body: Uint8Array, mediaType: string): unknown {
  if (body.byteLength === 0) return undefined;
  try {
    const text = decoder.decode(body);
    return mediaType.startsWith('text/') ? text : (JSON.parse(text) as unknown);
  } catch (cause) {
    throw invalid('it is no JSON', cause);
  }
}

/**
 * A problem as well as it can be told: RFC 9457, the `error` and `message` of older servers, or what only the status says.
 * Of the body of a proxy's page nothing is shown.
 */
function problemOf({ status, headers, body }: Received, now: number): Problem {
  const title = STATUS_CODES[status] ?? `HTTP ${status}`;
  const said = objectIn(body);
  const detail = [said['detail'], said['message'], said['error']].find((part) => typeof part === 'string');
  const asked = retryAfter(headers['retry-after'], now);
  const problem = problemFrom(
    {
      ...(asked !== undefined && { retryAfterSeconds: asked }),
      retryable: transient.has(status),
      ...said,
      detail: detail ?? `HTTP ${status} ${title}`,
    },
    status,
    title,
  );
  if (!problem) throw invalid(`it is HTTP ${status}`);
  return problem;
}

function objectIn(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(decoder.decode(body));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    // Not JSON: there is nothing in it for us beyond the status.
    return {};
  }
}

/** RFC 9110 section 10.2.3: seconds, or a date. */
function retryAfter(field: string | undefined, now: number): number | undefined {
  if (field === undefined) return undefined;
  const seconds = /^\d+$/.test(field) ? Number(field) : Math.ceil((Date.parse(field) - now) / 1000);
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}

function unquoted(field: string | undefined): string | undefined {
  return field?.replaceAll(/^(?:W\/)?"|"$/g, '');
}

/** Parameters (`; charset=utf-8`) make no other type. */
function isOneOf(mediaType: string, types: readonly string[]): boolean {
  return types.some((type) => essenceOf(type) === essenceOf(mediaType));
}

function essenceOf(mediaType: string): string {
  const [essence = ''] = mediaType.toLowerCase().split(';');
  return essence.trim();
}

function invalid(why: string, cause?: unknown): TransportFault {
  return new TransportFault('invalid', `the answer cannot be used: ${why}`, { cause });
}
