import type { ServerResponse } from 'node:http';
import type { CacheRule, Outcome, Problem, Representation, StreamReply } from '../../core/operation/index.js';

const statusOf = { ok: 200, created: 201, accepted: 202 } as const;
const heartbeatInterval = 15_000;

/** Renders what the gate decided; a promise for what takes its time. The head of a HEAD request is that of GET (RFC 9110 section 9.3.2). */
export function respond(response: ServerResponse, outcome: Outcome, prefix: string): Promise<void> | undefined {
  switch (outcome.kind) {
    case 'not-modified':
      response.writeHead(304, {
        ETag: `"${outcome.etag}"`,
        ...(outcome.cache && { 'Cache-Control': cacheControl(outcome.cache) }),
      });
      response.end();
      return undefined;
    case 'representation':
      sendRepresentation(response, outcome);
      return undefined;
    case 'value': {
      const headers: Record<string, string> = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' };
      if (outcome.etag !== undefined) headers['ETag'] = `"${outcome.etag}"`;
      if (outcome.location !== undefined) headers['Location'] = prefix + outcome.location;
      send(response, statusOf[outcome.outcome], headers, JSON.stringify(outcome.value));
      return undefined;
    }
    case 'empty':
      response.writeHead(204).end();
      return undefined;
    case 'problem':
      sendProblem(response, outcome.problem, outcome.challenges);
      return undefined;
    case 'stream':
      return sendStream(response, outcome);
  }
}

/** RFC 9457, with Retry-After and WWW-Authenticate where the problem has them. */
export function sendProblem(response: ServerResponse, problem: Problem, challenges: readonly string[] = []): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const headers: Record<string, string | string[]> = {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
  };
  if (challenges.length > 0) headers['WWW-Authenticate'] = [...challenges];
  if (problem.retryAfterSeconds !== undefined) headers['Retry-After'] = String(problem.retryAfterSeconds);
  send(response, problem.kind.status, headers, JSON.stringify(problem.body()));
}

function sendRepresentation(
  response: ServerResponse,
  { bytes, mediaType, etag, cache, outcome }: Representation,
): void {
  response.writeHead(outcome === 'unavailable' ? 503 : 200, {
    'Content-Type': mediaType,
    'Content-Length': bytes.byteLength,
    'Cache-Control': cacheControl(cache ?? { visibility: 'private', freshness: 'none' }),
    ...(etag !== undefined && { ETag: `"${etag}"` }),
  });
  response.end(response.req.method === 'HEAD' ? undefined : bytes);
}

function send(
  response: ServerResponse,
  status: number,
  headers: Record<string, string | string[]>,
  body: string,
): void {
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

function cacheControl({ visibility, freshness }: CacheRule): string {
  switch (freshness) {
    case 'immutable':
      return `${visibility}, max-age=31536000, immutable`;
    case 'revalidate':
      return `${visibility}, no-cache`;
    case 'none':
      return 'no-store';
  }
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
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(': still here\n\n');
  }, heartbeatInterval);
  heartbeat.unref();
  try {
    for await (const { id, event, data } of items) {
      if (response.destroyed) break;
      const fields = [...(id === undefined ? [] : [`id: ${id}`]), ...(event === undefined ? [] : [`event: ${event}`])];
      const frame = `${[...fields, `data: ${JSON.stringify(data)}`].join('\n')}\n\n`;
      if (!response.write(frame)) await taken(response);
    }
  } finally {
    clearInterval(heartbeat);
    response.end();
  }
}

/** Resolves when what was written has been taken, or nobody is there to take it; leaves no listener behind. */
function taken(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    if (response.closed) resolve();
    else response.on('drain', done).on('close', done);
  });
}
