import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { signRequest } from '../../../core/identity/index.js';
import type { Clock, Lifecycle } from '../../../core/plugin/index.js';
import {
  type FetchedManifest,
  type FleetManager,
  FleetManagerFault,
  type Json,
  type StatusReport,
} from '../../../core/ports/index.js';
import type { DeviceIdentity } from './identity.js';

export interface ClientOptions {
  /** Origin, and the path that a proxy puts before the API: `https://wfm.plant.example`. */
  readonly url: string;
  /** Path of the device API below it. */
  readonly prefix: string;
  /** PEM file of the CA to trust beside none other; the system's unless told. */
  readonly ca: string | undefined;
  /** Milliseconds for a whole exchange. */
  readonly timeout: number;
  readonly clock: Clock;
  /** Reads or makes the device's identity. */
  readonly identity: () => Promise<DeviceIdentity>;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
}

const manifestType = 'application/vnd.margo.manifest.v1+json';
const answerLimit = 1024 * 1024;

/** The device API of the signed dialect, from the device's side (preview 1 and early rc.2). */
export class SignedFleetManager implements FleetManager, Lifecycle {
  #identity: DeviceIdentity | undefined;
  #agent: { readonly agent: Agent; readonly caChanged: number } | undefined;

  constructor(private readonly options: ClientOptions) {}

  async start(): Promise<void> {
    this.#identity = await this.options.identity();
  }

  async stop(): Promise<void> {
    this.#agent?.agent.destroy();
    this.#agent = undefined;
  }

  async enroll(signal: AbortSignal): Promise<string> {
    const { certificate } = this.#device();
    const { body } = await this.#send('POST', '/onboarding', signal, {
      json: { apiVersion: 'onboarding.margo.org/v1alpha1', kind: 'OnboardingRequest', certificate },
    });
    const said = parse(body) as { readonly clientId?: unknown } | undefined;
    if (typeof said?.clientId !== 'string' || said.clientId === '') {
      throw new FleetManagerFault('invalid', 'the fleet manager answered the onboarding without a clientId');
    }
    return said.clientId;
  }

  async reportCapabilities(
    clientId: string,
    capabilities: Readonly<Record<string, Json>>,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#send('POST', `${client(clientId)}/capabilities`, signal, { json: capabilities });
  }

  async manifest(
    clientId: string,
    etag: string | undefined,
    signal: AbortSignal,
  ): Promise<FetchedManifest | undefined> {
    const answer = await this.#send('GET', `${client(clientId)}/deployments`, signal, {
      headers: { accept: manifestType, ...(etag !== undefined && { 'if-none-match': `"${etag}"` }) },
    });
    if (answer.status === 304) return undefined;
    const field = answer.headers['etag'];
    return { bytes: answer.body, etag: typeof field === 'string' ? field.replaceAll(/^(?:W\/)?"|"$/g, '') : '' };
  }

  async bundle(clientId: string, digest: string, limit: number, signal: AbortSignal): Promise<Uint8Array> {
    return (await this.#send('GET', `${client(clientId)}/bundles/${digest}`, signal, { limit })).body;
  }

  async deployment(
    clientId: string,
    deploymentId: string,
    digest: string,
    limit: number,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const path = `${client(clientId)}/deployments/${encodeURIComponent(deploymentId)}/${digest}`;
    return (await this.#send('GET', path, signal, { limit })).body;
  }

  async reportStatus(clientId: string, report: StatusReport, signal: AbortSignal): Promise<void> {
    const { deploymentId, state, error, components } = report;
    const path = `${client(clientId)}/deployments/${encodeURIComponent(deploymentId)}/status`;
    await this.#send('POST', path, signal, {
      json: {
        apiVersion: 'deployment.margo.org/v1alpha1',
        kind: 'DeploymentStatusManifest',
        deploymentId,
        status: { state, ...(error && { error: { ...error } }) },
        components: components.map((component) => ({
          name: component.name,
          state: component.state,
          ...(component.error && { error: { ...component.error } }),
        })),
      },
    });
  }

  #device(): DeviceIdentity {
    if (!this.#identity) throw new Error('used before start');
    return this.#identity;
  }

  async #send(
    method: 'GET' | 'POST',
    path: string,
    signal: AbortSignal,
    { json, headers = {}, limit = answerLimit }: { json?: Json; headers?: Record<string, string>; limit?: number } = {},
  ): Promise<Answer> {
    const url = this.options.url + this.options.prefix + path;
    const body = json === undefined ? undefined : Buffer.from(JSON.stringify(json));
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(this.options.timeout)]);
    const exchange = async (): Promise<Answer> => {
      // Signed anew each time: a fleet manager takes a signature once.
      const created = Math.floor(this.options.clock.now() / 1000);
      const signed = signRequest({ method, url, body }, this.#device().key, { created });
      const all = { ...headers, ...signed, ...(body && { 'content-type': 'application/json' }) };
      return send(url, { method, headers: all, agent: await this.#connections(), signal: inTime }, body, limit);
    };
    let answer: Answer;
    try {
      answer = await exchange().catch((error: unknown) => {
        // The server may close a kept connection just when it is used again. All that a device asks for can be repeated.
        if (error instanceof ClosedMeanwhile) return exchange();
        throw error;
      });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof FleetManagerFault) throw error;
      // What Node throws then says only that it was aborted.
      const cause: unknown = inTime.aborted ? inTime.reason : error;
      throw new FleetManagerFault('unreachable', `${method} ${url}: ${reason(cause, this.options.ca)}`, undefined, {
        cause,
      });
    }
    const good = (answer.status >= 200 && answer.status < 300) || (answer.status === 304 && method === 'GET');
    if (!good) throw this.#fault(method, url, answer);
    return answer;
  }

  #fault(method: string, url: string, { status, headers, body }: Answer): FleetManagerFault {
    const said = parse(body) as
      | { readonly detail?: unknown; readonly message?: unknown; readonly error?: unknown }
      | undefined;
    const text =
      [said?.detail, said?.message, said?.error].find((part) => typeof part === 'string') ?? `HTTP ${status}`;
    const kind =
      status === 401 || status === 403
        ? 'refused'
        : status === 404
          ? 'not-found'
          : status === 429 || status === 503
            ? 'busy'
            : status >= 500
              ? 'unreachable'
              : 'invalid';
    return new FleetManagerFault(
      kind,
      `${method} ${url}: HTTP ${status}: ${String(text)}`,
      this.#retryAfter(headers['retry-after']),
    );
  }

  /** RFC 9110 section 10.2.3: seconds, or a date. */
  #retryAfter(field: string | string[] | undefined): number | undefined {
    if (typeof field !== 'string') return undefined;
    const milliseconds = /^\d+$/.test(field) ? Number(field) * 1000 : Date.parse(field) - this.options.clock.now();
    return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : undefined;
  }

  /** Keeps connections; a changed CA file is taken up, and one that is not there yet is waited for by failing clearly. */
  async #connections(): Promise<Agent> {
    const { ca } = this.options;
    const caChanged = ca === undefined ? 0 : await changedAt(ca);
    if (this.#agent && this.#agent.caChanged === caChanged) return this.#agent.agent;
    const agent = new Agent({
      keepAlive: true,
      timeout: keepAlive,
      maxSockets: 8,
      ...(ca !== undefined && { ca: await readFile(ca, 'utf8') }),
    });
    // Those of the old one that are idle; what is under way ends by itself.
    this.#agent?.agent.destroy();
    this.#agent = { agent, caChanged };
    return agent;
  }
}

/** Milliseconds that an idle connection is kept, unless the server says less. */
const keepAlive = 60_000;

/** A connection that had been used before was closed before there was an answer on it. */
class ClosedMeanwhile extends Error {
  override readonly name = 'ClosedMeanwhile';
}

/** By Node's own client: it is there already, and a library for HTTP takes 15 MB. */
async function send(
  url: string,
  options: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly agent: Agent;
    readonly signal: AbortSignal;
  },
  body: Uint8Array | undefined,
  limit: number,
): Promise<Answer> {
  const sent = request(url, options);
  sent.end(body);
  const response = await answerTo(sent, options.signal);
  return { status: response.statusCode ?? 0, headers: response.headers, body: await readLimited(response, limit) };
}

async function answerTo(sent: ReturnType<typeof request>, signal: AbortSignal): Promise<IncomingMessage> {
  try {
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    // What breaks later, breaks the reading of the answer.
    sent.on('error', (error) => response.destroy(error));
    return response;
  } catch (cause) {
    const closed = cause instanceof Error && 'code' in cause && (cause.code === 'ECONNRESET' || cause.code === 'EPIPE');
    if (closed && sent.reusedSocket && !signal.aborted) throw new ClosedMeanwhile(cause.message, { cause });
    throw cause;
  }
}

function client(clientId: string): string {
  return `/clients/${encodeURIComponent(clientId)}`;
}

async function changedAt(ca: string): Promise<number> {
  try {
    return (await stat(ca)).mtimeMs;
  } catch (cause) {
    throw new FleetManagerFault(
      'unreachable',
      `the CA file ${ca} cannot be read; is the fleet manager's CA there, and is TUTTI_WFM_CA right?`,
      undefined,
      { cause },
    );
  }
}

async function readLimited(body: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let received = 0;
  for await (const chunk of body) {
    received += chunk.byteLength;
    if (received > limit) throw new FleetManagerFault('invalid', `the answer has more than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, received);
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    // Not JSON: there is nothing in it for us beyond the status.
    return undefined;
  }
}

/** What Node says when nobody that is trusted vouches for a server (X509_V_ERR_..., without the prefix). */
const unvouched: readonly string[] = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
];

function reason(error: unknown, ca: string | undefined): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  if (unvouched.includes(code)) {
    const trusted = ca === undefined ? 'a CA that this system trusts' : `the CA in ${ca}`;
    return `its certificate is not signed by ${trusted} (${code}); is this the right CA, and the right address?`;
  }
  if (error.name === 'TimeoutError') return 'no answer in time';
  return code === '' || error.message.includes(code) ? error.message : `${error.message} (${code})`;
}
