import type { IncomingMessage, ServerResponse } from 'node:http';
import { correlated } from '../../core/correlation/index.js';
import type { Ending } from '../../core/listening/index.js';
import {
  correlationIdIn,
  internalProblem,
  type MountedMount,
  type MountedOperation,
  type Outcome,
  Problem,
  problems,
  type Surface,
} from '../../core/operation/index.js';
import type { Logger } from '../../core/plugin/index.js';
import { correlationField, HttpCall } from './call.js';
import { EncodedForms } from './compression.js';
import { pageHeaders } from './docs/index.js';
import { evidenceOf, type Origin } from './evidence.js';
import { type HttpMount, isHttpMount } from './mount.js';
import { readBody } from './request.js';
import { respond, sendProblem } from './response.js';
import { createRouter, type Found } from './router.js';

export interface DispatcherOptions extends Origin {
  readonly surface: Surface;
  readonly log: Logger;
  /** Bytes of a body, for operations that do not say. */
  readonly bodyLimit: number;
  readonly ending: Ending;
  /** Whether answers are compressed for callers that take it. */
  readonly compression: boolean;
  /** What is served where vendors offer nothing. */
  readonly docs: readonly MountedOperation[];
}

/** Brings a request to the operation or mount that it addresses, and the outcome back. Never throws. */
export function createDispatcher(
  options: DispatcherOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { surface, log } = options;
  const find = createRouter(surface.operations);
  const findDocs = createRouter(options.docs);
  const mounts = surface.mounts.filter(isHttpMount);
  const forms = options.compression ? new EncodedForms() : undefined;
  warnOfHiddenDocs();

  return (request, response) => {
    try {
      handle(request, response)?.catch((error: unknown) => failed(error, request, response));
    } catch (error) {
      failed(error, request, response);
    }
  };

  /** What ends here is a fault of the connection or of ours; the caller's faults are outcomes. */
  function failed(error: unknown, request: IncomingMessage, response: ServerResponse): void {
    if (error instanceof Problem) sendProblem(response, error);
    else if (request.destroyed || response.destroyed) log.debug('the caller went away', { error });
    else {
      log.error('a request could not be handled', { error });
      sendProblem(response, internalProblem());
    }
  }

  /** A promise only where something must be waited for. */
  function handle(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined {
    const url = request.url ?? '/';
    if (request.headers.host === undefined && request.httpVersion === '1.1') {
      throw new Problem(problems.invalidRequest, 'a request of HTTP/1.1 must have a Host header');
    }
    // Two of them arrive joined, and no name of a host has a comma (RFC 9112 section 3.2).
    if (request.headers.host?.includes(',')) {
      throw new Problem(problems.invalidRequest, 'a request may have only one Host header');
    }
    const queryAt = url.indexOf('?');
    const path = queryAt < 0 ? url : url.slice(0, queryAt);
    const match = find(request.method ?? 'GET', path);
    if (match.kind === 'operation') return run(match, request, response, url, queryAt);
    const mount = mountAt(path);
    if (mount) return runMount(mount, request, response, path);
    const docs = findDocs(request.method ?? 'GET', path);
    if (docs.kind === 'operation') {
      for (const [name, value] of Object.entries(pageHeaders)) response.setHeader(name, value);
      return run(docs, request, response, url, queryAt);
    }
    const allowed = [match, docs].flatMap((one) => (one.kind === 'wrong-method' ? one.allowed : []));
    const nearest = surface.operations.find(({ prefix }) => prefix !== '' && path.startsWith(`${prefix}/`));
    refuse(allowed.length > 0 ? allowed : undefined, request, response, path, nearest?.present);
    return undefined;
  }

  function run(
    { mounted, params }: Found,
    request: IncomingMessage,
    response: ServerResponse,
    url: string,
    queryAt: number,
  ): Promise<void> | undefined {
    const query = queryAt < 0 ? undefined : url.slice(queryAt + 1);
    const invoke = (body: Uint8Array | undefined): Promise<void> | undefined => {
      const evidence = evidenceOf(request, options, { url, body, params });
      const call = new HttpCall(evidence, mounted.operation, query, response, options.ending);
      const outcome = surface.gate.invoke(mounted, call);
      return outcome instanceof Promise
        ? outcome.then((made) => answer(response, made, mounted.prefix, call))
        : answer(response, outcome, mounted.prefix, call);
    };
    if (request.method === 'GET') return invoke(undefined);
    const limit = mounted.operation.bodyLimit ?? options.bodyLimit;
    return readOrClose(request, response, limit, mounted.present ?? asItIs).then(invoke);
  }

  function mountAt(path: string): (MountedMount & HttpMount) | undefined {
    return mounts.find(({ prefix, path: at }) => path === prefix + at || path.startsWith(`${prefix}${at}/`));
  }

  /** Vendors come first. */
  function warnOfHiddenDocs(): void {
    for (const { operation } of options.docs) {
      const { path } = operation.http;
      const match = find('GET', path);
      const by = match.kind === 'operation' ? match.mounted.vendor : mountAt(path)?.vendor;
      if (by !== undefined) log.warn(`${path} is offered by ${by}, and shows nothing of the docs of the API`);
    }
  }

  function answer(
    response: ServerResponse,
    outcome: Outcome,
    prefix: string,
    { correlationId, correlatedByCaller, minimal }: HttpCall,
  ): Promise<void> | undefined {
    if (response.destroyed) return undefined;
    // Who meets a problem needs it to ask for the log's lines; others only if they asked for it.
    if (correlatedByCaller || outcome.kind === 'problem') response.setHeader(correlationField, correlationId);
    const draining = options.ending.draining.aborted;
    if (draining) response.setHeader('Connection', 'close');
    const sending = respond(response, outcome, { prefix, forms, minimal });
    if (sending && !draining) closeAfterDrain(response);
    return sending;
  }

  /** For replies that may begin long before a drain and end within it: their connection would stay open, idle. */
  function closeAfterDrain(response: ServerResponse): void {
    const { socket } = response;
    response.once('finish', () => {
      if (options.ending.draining.aborted) socket?.end();
    });
  }

  async function runMount(
    mount: MountedMount & HttpMount,
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
  ): Promise<void> {
    const { gate } = surface;
    const below = path.slice(mount.prefix.length + mount.path.length) || '/';
    const evidence = evidenceOf(request, options, { url: request.url ?? '/', body: undefined, params: {} });
    const given = correlationIdIn(evidence.headers);
    if (given !== undefined) response.setHeader(correlationField, given);
    closeAfterDrain(response);
    await correlated(given, (correlationId) =>
      mount.handler(request, response, {
        path: below,
        authenticate: async (kinds) =>
          gate.authenticate(kinds, evidence, { changes: !safeMethods.has(evidence.method) }),
        challenges: (kinds) => gate.challenges(kinds),
        correlationId,
      }),
    );
  }
}

/** What a mount does is known by its methods only (RFC 9110 section 9.2.1). */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** How a vendor words the problems that its operations never get to see. */
type Present = (problem: Problem) => Problem;
const asItIs: Present = (problem) => problem;

/** A body that is refused is not read to its end: the connection closes instead. */
async function readOrClose(
  request: IncomingMessage,
  response: ServerResponse,
  limit: number,
  present: Present,
): Promise<Uint8Array | undefined> {
  try {
    return await readBody(request, limit);
  } catch (error) {
    response.setHeader('Connection', 'close');
    throw error instanceof Problem ? present(error) : error;
  }
}

function refuse(
  allowed: readonly string[] | undefined,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  present: Present = asItIs,
): void {
  if (!allowed) {
    sendProblem(response, present(new Problem(problems.notFound, `nothing is offered at ${path}`)));
    return;
  }
  response.setHeader('Allow', allowed.join(', '));
  if (request.method === 'OPTIONS') response.writeHead(204).end();
  else sendProblem(response, present(new Problem(problems.methodNotAllowed, `${path} answers ${allowed.join(', ')}`)));
}
