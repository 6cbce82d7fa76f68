import type { ServerResponse } from 'node:http';
import { taken } from '../../core/listening/index.js';
import {
  cacheControl,
  type Outcome,
  type Problem,
  type Representation,
  type StreamItem,
  type StreamReply,
  type ValueReply,
} from '../../core/operation/index.js';
import { chosenEncoding, type EncodedForms } from './compression.js';

const statusOf = { ok: 200, created: 201, accepted: 202 } as const;
const heartbeatInterval = 15_000;

/** How a binding's answers are written. */
export interface Rendering {
  /** Of the vendor; locations are relative to it. */
  readonly prefix: string;
  /** Without it nothing is compressed. */
  readonly forms?: EncodedForms | undefined;
  /** A value is left out of the answer. */
  readonly minimal?: boolean;
}

/** Renders what the gate decided; a promise for what takes its time. The head of a HEAD request is that of GET (RFC 9110 section 9.3.2). */
export function respond(response: ServerResponse, outcome: Outcome, rendering: Rendering): Promise<void> | undefined {
  switch (outcome.kind) {
    case 'not-modified':
      response.writeHead(304, {
        ETag: `"${outcome.etag}"`,
        ...(outcome.cache && { 'Cache-Control': cacheControl(outcome.cache) }),
        ...(rendering.forms && varying),
      });
      response.end();
      return undefined;
    case 'representation':
      return sendRepresentation(response, outcome, rendering.forms);
    case 'value':
      return sendValue(response, outcome, rendering);
    case 'empty':
      response.writeHead(204).end();
      return undefined;
    case 'problem':
      return sendProblem(response, outcome.problem, outcome.challenges, rendering.forms);
    case 'stream':
      return sendStream(response, outcome);
  }
}

/** RFC 9457, with Retry-After and WWW-Authenticate where the problem has them. */
export function sendProblem(
  response: ServerResponse,
  problem: Problem,
  challenges: readonly string[] = [],
  forms?: EncodedForms,
): Promise<void> | undefined {
  if (response.headersSent) {
    response.destroy();
    return undefined;
  }
  const headers: Headers = { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' };
  if (challenges.length > 0) headers['WWW-Authenticate'] = [...challenges];
  if (problem.retryAfterSeconds !== undefined) headers['Retry-After'] = String(problem.retryAfterSeconds);
  return send(response, problem.kind.status, headers, JSON.stringify(problem.body()), forms);
}

function sendValue(
  response: ServerResponse,
  { outcome, value, etag, location }: ValueReply<unknown>,
  { prefix, forms, minimal }: Rendering,
): Promise<void> | undefined {
  const headers: Headers = {};
  if (etag !== undefined) headers['ETag'] = `"${etag}"`;
  if (location !== undefined) headers['Location'] = prefix + location;
  if (minimal) {
    headers['Preference-Applied'] = 'return=minimal';
    if (outcome === 'ok') response.writeHead(204, headers);
    else response.writeHead(statusOf[outcome], { ...headers, 'Content-Length': 0 });
    response.end();
    return undefined;
  }
  headers['Content-Type'] = 'application/json';
  headers['Cache-Control'] = 'no-store';
  return send(response, statusOf[outcome], headers, JSON.stringify(value), forms);
}

/**
 * The ETag is over the bytes as they are before any encoding, and the same for each of their encoded forms (Margo
 * makes it a digest of the document), although RFC 9110 section 8.8.3.3 would tell them apart.
 */
function sendRepresentation(
  response: ServerResponse,
  { bytes, mediaType, etag, cache, outcome }: Representation,
  forms: EncodedForms | undefined,
): Promise<void> | undefined {
  const headers: Headers = {
    'Content-Type': mediaType,
    'Cache-Control': cacheControl(cache ?? { visibility: 'private', freshness: 'none' }),
    ...(etag !== undefined && { ETag: `"${etag}"` }),
    ...(forms && varying),
  };
  return send(response, outcome === 'unavailable' ? 503 : 200, headers, bytes, forms);
}

type Headers = Record<string, string | string[] | number> & { 'Content-Type'?: string };

/** Caches keep one for each encoding; a 304 says so as the whole answer would (RFC 9110 section 15.4.5). */
const varying = { Vary: 'Accept-Encoding' } as const;

/** At once, unless a body must be compressed first. */
function send(
  response: ServerResponse,
  status: number,
  headers: Headers,
  body: Uint8Array | string,
  forms: EncodedForms | undefined,
): Promise<void> | undefined {
  const { headers: asked, method } = response.req;
  const size = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
  const encoding = forms && chosenEncoding(asked['accept-encoding'], headers['Content-Type'] ?? '', size);
  if (!encoding) {
    response.writeHead(status, { ...headers, 'Content-Length': size });
    response.end(method === 'HEAD' ? undefined : body);
    return undefined;
  }
  const encodedHeaders = { ...headers, ...varying, 'Content-Encoding': encoding };
  if (method === 'HEAD') {
    // How long it would be is left unsaid: it may be (RFC 9110 section 8.6), and it is not known yet.
    response.writeHead(status, encodedHeaders).end();
    return undefined;
  }
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const form = forms.of(bytes, encoding);
  const finish = (encoded: Uint8Array): void => {
    if (response.destroyed) return;
    const all = { ...(encoded === bytes ? { ...headers, ...varying } : encodedHeaders) };
    response.writeHead(status, { ...all, 'Content-Length': encoded.byteLength }).end(encoded);
  };
  if (form instanceof Promise) return form.then(finish);
  finish(form);
  return undefined;
}

/**
 * Server-sent events (WHATWG HTML section 9.2). The next element is asked for when the one before has been taken, so a
 * slow reader slows its producer down; a comment now and then keeps idle connections from being cut.
 */
async function sendStream(response: ServerResponse, { items }: StreamReply<unknown>): Promise<void> {
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
  });
  response.flushHeaders();
  const frames = new Frames(response);
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(': still here\n\n');
  }, heartbeatInterval);
  heartbeat.unref();
  try {
    for await (const item of items) {
      if (response.destroyed) break;
      frames.add(frameOf(item));
      if (response.writableNeedDrain) await taken(response, 'close', response.closed);
    }
  } finally {
    clearInterval(heartbeat);
    frames.flush();
  }
  // Not after an error: a stream that broke must not look like one that ended.
  response.end();
}

function frameOf({ id, event, data }: StreamItem<unknown>): string {
  const head = `${id === undefined ? '' : `id: ${id}\n`}${event === undefined ? '' : `event: ${event}\n`}`;
  return `${head}data: ${JSON.stringify(data)}\n\n`;
}

/** Frames that come in one turn of the event loop leave together: a write for each would be most of what a stream costs. */
class Frames {
  #waiting = '';

  constructor(private readonly response: ServerResponse) {}

  add(frame: string): void {
    // After all that is ready by then, and before anything else happens.
    if (this.#waiting === '') process.nextTick(() => this.flush());
    this.#waiting += frame;
    if (this.#waiting.length >= this.response.writableHighWaterMark) this.flush();
  }

  flush(): void {
    const frames = this.#waiting;
    this.#waiting = '';
    if (frames !== '' && !this.response.destroyed) this.response.write(frames);
  }
}
