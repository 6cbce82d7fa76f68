import { setMaxListeners } from 'node:events';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { createInterface } from 'node:readline';
import { type Health, TargetFault } from '../../../core/plugin/index.js';
import type { Access } from './access.js';
import { connectionFault, hasStatus, refusal, SlowAnswer } from './api-fault.js';

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without a byte; as the config has it unless told. */
  readonly idle?: number;
  /** Only what objects are called and whose they are, without what is in them. */
  readonly metadataOnly?: boolean;
}

/**
 * Requests to the API server, and what we last knew of it. All calls reject with TargetFault (`ApiFault` where the API
 * server has answered) or with the reason of their signal.
 */
export class Connection {
  #fault: string | undefined;

  constructor(
    private readonly access: Access,
    /** Milliseconds without a byte after which an answer counts as failed. */
    private readonly patience: number,
  ) {}

  health(): Health {
    return this.#fault === undefined ? { status: 'ok' } : { status: 'degraded', reason: this.#fault };
  }

  async json(request: ApiRequest): Promise<unknown> {
    const text = await this.text(request);
    try {
      return JSON.parse(text);
    } catch (cause) {
      const what = `the Kubernetes API at ${this.access.server} gave half an answer to ${named(request)}, or none of its own`;
      throw this.#failed(new TargetFault('platform', what, true, { cause }));
    }
  }

  async text(request: ApiRequest): Promise<string> {
    const answer = await this.#send(request);
    return this.#read(answer, request.signal);
  }

  /** The lines of an answer as they come, until it ends: an end in the middle rejects. */
  async *lines(request: ApiRequest): AsyncGenerator<string> {
    const answer = await this.#send(request);
    const lines = createInterface({ input: answer, crlfDelay: Number.POSITIVE_INFINITY });
    try {
      yield* lines;
    } catch (error) {
      request.signal?.throwIfAborted();
      throw this.#failed(error);
    } finally {
      answer.destroy();
    }
    request.signal?.throwIfAborted();
    if (!answer.complete) throw this.#failed(cut());
  }

  /** @returns an answer of success whose body has not been read */
  async #send(request: ApiRequest): Promise<IncomingMessage> {
    request.signal?.throwIfAborted();
    try {
      return await this.#accepted(request);
    } catch (error) {
      request.signal?.throwIfAborted();
      if (!hasStatus(error, 401)) throw error;
      // Whoever renews certificates or tokens writes the file anew.
      this.access.forget();
      return this.#accepted(request);
    }
  }

  async #accepted(request: ApiRequest): Promise<IncomingMessage> {
    const answer = await this.#open(request);
    const code = answer.statusCode ?? 0;
    if (code >= 200 && code < 300) {
      this.#fault = undefined;
      return answer;
    }
    const fault = refusal(code, await this.#read(answer, request.signal), {
      server: this.access.server,
      what: named(request),
    });
    // Only what everybody would be told tells of the cluster's health.
    this.#fault = code === 401 || code >= 500 ? fault.message : undefined;
    throw fault;
  }

  async #open(request: ApiRequest, again = true): Promise<IncomingMessage> {
    let credentials: Awaited<ReturnType<Access['credentials']>>;
    try {
      credentials = await this.access.credentials();
    } catch (error) {
      throw this.#failed(error);
    }
    const { server, headers, agent, auth } = credentials;
    const url = new URL(server + request.path);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const idle = request.idle ?? this.patience;
    let reused = false;
    // Of many requests at the same time each listens to the same signal: that is no leak, and nothing to warn of.
    if (request.signal) setMaxListeners(0, request.signal);
    try {
      return await new Promise((resolve, reject) => {
        const sent = https.request(url, {
          method: request.method ?? 'GET',
          agent,
          ...(auth !== undefined && { auth }),
          ...(request.signal && { signal: request.signal }),
          headers: {
            ...headers,
            accept: accepted(request),
            ...(body !== undefined && {
              'content-type': request.contentType ?? 'application/json',
              'content-length': Buffer.byteLength(body),
            }),
          },
        });
        sent.setTimeout(idle, () => sent.destroy(new SlowAnswer(`nothing came for ${idle / 1000} s`)));
        sent.once('response', resolve);
        sent.on('error', (error) => {
          reused = sent.reusedSocket;
          reject(error);
        });
        sent.end(body);
      });
    } catch (error) {
      request.signal?.throwIfAborted();
      // A kept connection that the server had closed already says nothing of the server. Every call of ours may be repeated.
      if (again && reused && (error as NodeJS.ErrnoException).code === 'ECONNRESET') return this.#open(request, false);
      // It may be elsewhere by now, or have a certificate of another authority: the next attempt reads where it is anew.
      this.access.forget();
      throw this.#failed(connectionFault(server, error));
    }
  }

  async #read(answer: IncomingMessage, signal: AbortSignal | undefined): Promise<string> {
    try {
      const parts: Buffer[] = [];
      for await (const part of answer) parts.push(part as Buffer);
      if (!answer.complete) throw cut();
      return Buffer.concat(parts).toString();
    } catch (error) {
      signal?.throwIfAborted();
      throw this.#failed(connectionFault(this.access.server, error));
    }
  }

  #failed(error: unknown): TargetFault {
    const fault = connectionFault(this.access.server, error);
    this.#fault = fault.message;
    return fault;
  }
}

/** The API server makes the short form itself (Kubernetes 1.15 and later), so that large objects do not travel. */
function accepted({ metadataOnly, method = 'GET', query }: ApiRequest): string {
  if (metadataOnly !== true) return 'application/json, */*';
  const as = method === 'GET' && query?.['watch'] === undefined ? 'PartialObjectMetadataList' : 'PartialObjectMetadata';
  return `application/json;as=${as};g=meta.k8s.io;v=v1`;
}

function named({ method = 'GET', path }: ApiRequest): string {
  return `${method} ${path}`;
}

const cut = (): Error => Object.assign(new Error('the answer was cut off'), { code: 'ECONNRESET' });
