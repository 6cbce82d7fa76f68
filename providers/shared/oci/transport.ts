import type { Dispatcher } from 'undici';
import type { Clock } from '../../../core/plugin/index.js';
import { type RegistryCredentials, RegistryFault } from '../../../core/ports/index.js';
import { type Authorization, basic } from './authorization.js';
import type { OciConfig } from './config.js';
import { deadline } from './deadline.js';
import type { Endpoint } from './endpoints.js';
import { type Asked, connectionFault, errorText, statusFault } from './faults.js';
import { discard, readLimited } from './reading.js';

export interface RegistryRequest {
  readonly endpoint: Endpoint;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute, or relative to the registry's origin. */
  readonly url: string;
  /**
   * What a token is to be good for, as in docker's token specification: the registry is asked without credentials first,
   * and answers with a challenge. Without a scope they go along at once, as an API beside the distribution wants it.
   */
  readonly scope?: string;
  /** For faults: `manifest apps/pump:1.0.0`. */
  readonly what: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly credentials?: RegistryCredentials | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Statuses beside 2xx that are answers and no faults. */
  readonly accept?: readonly number[];
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Dispatcher.ResponseData['body'];
  /** Where it came from in the end. */
  readonly url: URL;
  readonly asked: Asked;
}

const busy: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const mostRedirects = 5;
const errorLimit = 64 * 1024;
/** Bytes in a millisecond that a push should come to at least. */
const slowestPush = 64;
/** Milliseconds: before the second try (doubled at each), and the longest that a registry may make us wait. */
const firstPause = 200;
const longestPause = 30_000;

/** Sends requests to registries: authorisation, redirects, repeated reads, and every failure in words. */
export class Transport {
  constructor(
    private readonly authorization: Authorization,
    private readonly clock: Clock,
    private readonly config: Pick<OciConfig, 'timeouts' | 'attempts'>,
  ) {}

  /**
   * @returns an answer of 2xx or of a status that the request accepts; its body is the caller's to read or dump
   * @throws RegistryFault for everything else, the signal's reason when it aborts
   */
  async send(request: RegistryRequest): Promise<Answer> {
    const credentials = request.credentials ?? (await request.endpoint.credentials(request.signal));
    try {
      return await this.#repeated(request, credentials);
    } catch (error) {
      const denied = error instanceof RegistryFault && error.reason === 'denied';
      if (denied && credentials) await request.endpoint.refused(credentials);
      throw error;
    }
  }

  async #repeated(request: RegistryRequest, credentials: RegistryCredentials | undefined): Promise<Answer> {
    const read = request.method === 'GET' || request.method === 'HEAD';
    for (let attempt = 1; ; attempt++) {
      const last = !read || attempt >= this.config.attempts;
      const pause = firstPause * 2 ** (attempt - 1);
      let answer: Answer;
      try {
        answer = await this.#authorized(request, credentials);
      } catch (error) {
        if (last || !isCut(error)) throw error;
        await this.clock.delay(pause, request.signal);
        continue;
      }
      const wait = Math.max(pause, retryAfter(answer.headers['retry-after'], this.clock.now()));
      if (last || !busy.has(answer.status) || wait > longestPause) return this.#checked(request, answer, credentials);
      await answer.body.dump();
      await this.clock.delay(wait, request.signal);
    }
  }

  /** Sends with what is known to be good, and answers one challenge. */
  async #authorized(request: RegistryRequest, credentials: RegistryCredentials | undefined): Promise<Answer> {
    const { endpoint, scope } = request;
    if (scope === undefined) return this.#followed(request, credentials && basic(credentials), credentials);
    const wanted = { endpoint, credentials, scope };
    const known = this.authorization.known(wanted);
    const answer = await this.#followed(request, known, credentials);
    // A challenge counts only from the registry itself, not from where it has sent us.
    if (answer.status !== 401 || answer.url.origin !== endpoint.origin.origin) return answer;
    const limit = deadline(this.config.timeouts.answer * 1000, request.signal);
    try {
      const fresh = await this.authorization.answer(wanted, answer.headers['www-authenticate'], known, limit.signal);
      if (fresh === undefined) return answer;
      await answer.body.dump();
      return await this.#followed(request, fresh, credentials);
    } catch (error) {
      discard(answer.body);
      throw this.#explained(error, request, answer.asked);
    } finally {
      limit.end();
    }
  }

  /** Follows redirects of reads; `Authorization` is for the registry's own origin alone. */
  async #followed(
    request: RegistryRequest,
    authorization: string | undefined,
    credentials: RegistryCredentials | undefined,
  ): Promise<Answer> {
    const { endpoint, what } = request;
    const secrets = secretsOf(credentials, authorization);
    let url = new URL(request.url, endpoint.origin);
    for (let followed = 0; ; followed++) {
      const own = url.origin === endpoint.origin.origin;
      const host = own ? endpoint.host : `${endpoint.host} (at ${url.host})`;
      const asked: Asked = { host, what, trust: endpoint.trust, secrets };
      const headers = { ...request.headers, ...(own && authorization !== undefined && { authorization }) };
      const answer = await this.#exchange(request, url, headers, asked);
      if (!redirects.has(answer.status) || (request.method !== 'GET' && request.method !== 'HEAD')) return answer;
      await answer.body.dump();
      const location = answer.headers['location'];
      if (typeof location !== 'string' || !URL.canParse(location, url.href) || followed === mostRedirects) {
        throw new RegistryFault('refused', `registry ${host}: ${what}: it redirects to nowhere, or in circles`);
      }
      url = new URL(location, url);
    }
  }

  async #exchange(
    { endpoint, method, body, signal, what }: RegistryRequest,
    url: URL,
    headers: Record<string, string>,
    asked: Asked,
  ): Promise<Answer> {
    const dispatcher = await endpoint.dispatcher(url, what);
    // A body that is sent needs its time as well.
    const time = this.config.timeouts.answer * 1000 + (body?.byteLength ?? 0) / slowestPush;
    const limit = deadline(time, signal);
    try {
      const options = { dispatcher, method, headers, body: body ?? null, headersTimeout: time };
      const { request: send } = await import('undici');
      const answer = await send(url, { ...options, signal: limit.signal });
      return { status: answer.statusCode, headers: answer.headers, body: answer.body, url, asked };
    } catch (error) {
      throw this.#explained(error, { signal }, asked);
    } finally {
      limit.end();
    }
  }

  /** Turns what is no success into a fault. */
  async #checked(
    request: RegistryRequest,
    answer: Answer,
    credentials: RegistryCredentials | undefined,
  ): Promise<Answer> {
    const { status, body, asked } = answer;
    if ((status >= 200 && status < 300) || request.accept?.includes(status)) return answer;
    const bounds = { limit: errorLimit, seconds: this.config.timeouts.answer, signal: request.signal };
    const said = await readLimited(body, bounds, asked).catch((error: unknown) => {
      // What it said is lost; that it said no is not.
      if (request.signal?.aborted) throw error;
      return '';
    });
    throw statusFault(status, errorText(said.toString(), asked.secrets), asked, credentials?.username);
  }

  #explained(error: unknown, { signal }: Pick<RegistryRequest, 'signal'>, asked: Asked): unknown {
    if (signal?.aborted) return signal.reason;
    if (error instanceof Error && error.name === 'TimeoutError') {
      const seconds = this.config.timeouts.answer;
      return new RegistryFault('unreachable', `registry ${asked.host}: ${asked.what}: no answer within ${seconds} s`);
    }
    return connectionFault(error, asked);
  }
}

/** The scope of a token for one repository. */
export function scopeOf(repository: string, actions: 'pull' | 'pull,push'): string {
  return `repository:${repository}:${actions}`;
}

/** Whether a read may simply be tried again: an idle connection that the other side has just closed, a restart. */
function isCut(error: unknown): boolean {
  if (!(error instanceof RegistryFault) || !(error.cause instanceof Error) || !('code' in error.cause)) return false;
  return ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'ECONNREFUSED'].includes(String(error.cause.code));
}

/** Milliseconds that `Retry-After` asks for: seconds or a date (RFC 9110 section 10.2.3). */
function retryAfter(field: string | string[] | undefined, now: number): number {
  if (typeof field !== 'string') return 0;
  if (/^\d+$/.test(field)) return Number(field) * 1000;
  const date = Date.parse(field);
  return Number.isNaN(date) ? 0 : date - now;
}

/** All that must not come back in a text: the password, the token, and the field they travel in. */
function secretsOf(credentials: RegistryCredentials | undefined, authorization: string | undefined): string[] {
  const sent = authorization === undefined ? [] : [authorization.slice(authorization.indexOf(' ') + 1)];
  return credentials ? [credentials.password, basic(credentials).slice('Basic '.length), ...sent] : sent;
}
