import { createHash } from 'node:crypto';
import { type Clock, z } from '../../../core/plugin/index.js';
import { type RegistryCredentials, RegistryFault } from '../../../core/ports/index.js';
import { type Challenge, parseChallenges } from './challenge.js';
import type { Endpoint } from './endpoints.js';
import { connectionFault, errorText, statusFault } from './faults.js';
import { readLimited } from './reading.js';

/** A value for `Authorization`, and until when it is good (milliseconds since the epoch). */
interface Grant {
  readonly header: string;
  readonly until: number;
}

/** What a grant is for. */
export interface Wanted {
  readonly endpoint: Endpoint;
  /** `repository:apps/pump:pull`, as in docker's token specification. */
  readonly scope: string;
  readonly credentials: RegistryCredentials | undefined;
}

// docker's token specification: `token` or `access_token`; 60 seconds unless told.
const tokenAnswer = z
  .object({ token: z.string().optional(), access_token: z.string().optional(), expires_in: z.number().optional() })
  .transform(({ token, access_token, expires_in = 60 }) => ({ token: token ?? access_token, expiresIn: expires_in }));

const tokenLimit = 64 * 1024;
const mostGrants = 1_000;

/** Answers the challenges of registries, basic and bearer, and remembers the answers while they are good. */
export class Authorization {
  readonly #grants = new Map<string, Grant>();

  constructor(
    private readonly clock: Clock,
    /** How long a realm may take for its whole answer. */
    private readonly seconds: number,
  ) {}

  /** What was good before and should be so still. */
  known(wanted: Wanted): string | undefined {
    const key = keyOf(wanted);
    const grant = this.#grants.get(key);
    if (grant && grant.until > this.clock.now()) return grant.header;
    this.#grants.delete(key);
    return undefined;
  }

  /**
   * Answers a 401.
   *
   * @param refused the header that the registry did not accept, if one was sent
   * @returns a header to try, `undefined` when there is nothing (else) to try
   */
  async answer(
    wanted: Wanted,
    challenge: string | string[] | undefined,
    refused: string | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const key = keyOf(wanted);
    this.#grants.delete(key);
    const challenges = parseChallenges(challenge);
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    const grant = bearer
      ? await this.#token(wanted, bearer, signal)
      : challenges.some(({ scheme }) => scheme === 'basic') && wanted.credentials
        ? { header: basic(wanted.credentials), until: Number.POSITIVE_INFINITY }
        : undefined;
    if (grant === undefined || grant.header === refused) return undefined;
    this.#remember(key, grant);
    return grant.header;
  }

  #remember(key: string, grant: Grant): void {
    const [oldest] = this.#grants.keys();
    if (this.#grants.size >= mostGrants && oldest !== undefined) this.#grants.delete(oldest);
    this.#grants.set(key, grant);
  }

  /** The token flow: the realm gives a token for the scope, with our credentials or, for public things, without. */
  async #token(
    { endpoint, scope, credentials }: Wanted,
    { parameters }: Challenge,
    signal: AbortSignal,
  ): Promise<Grant> {
    const url = realm(endpoint, parameters.get('realm'));
    const service = parameters.get('service');
    if (service !== undefined) url.searchParams.set('service', service);
    url.searchParams.set('scope', parameters.get('scope') ?? scope);
    const headers = { ...(credentials && { authorization: basic(credentials) }) };
    const what = `token of ${url.host}`;
    const secrets = credentials ? [credentials.password] : [];
    const asked = { host: endpoint.host, what, trust: endpoint.trust, secrets };
    // Not followed when it redirects: credentials go to the realm that the registry named and to nobody else.
    const { request } = await import('undici');
    const answer = await request(url, { dispatcher: await endpoint.dispatcher(url, what), headers, signal }).catch(
      (error: unknown) => {
        throw signal.aborted ? signal.reason : connectionFault(error, asked);
      },
    );
    const text = await readLimited(answer.body, { limit: tokenLimit, seconds: this.seconds, signal }, asked);
    if (answer.statusCode !== 200) {
      throw statusFault(answer.statusCode, errorText(text.toString(), secrets), asked, credentials?.username);
    }
    const { token, expiresIn } = readToken(text, asked.host, what);
    // A tenth less, so that a token does not expire on its way.
    return { header: `Bearer ${token}`, until: this.clock.now() + expiresIn * 900 };
  }
}

function realm(endpoint: Endpoint, text: string | undefined): URL {
  if (text !== undefined && URL.canParse(text)) return new URL(text);
  throw new RegistryFault('refused', `registry ${endpoint.host}: its challenge names no realm to get a token from`);
}

function readToken(text: Buffer, host: string, what: string): { token: string; expiresIn: number } {
  try {
    const { token, expiresIn } = tokenAnswer.parse(JSON.parse(text.toString()));
    if (token !== undefined && /^[\x21-\x7e]+$/.test(token)) return { token, expiresIn };
  } catch {
    // The text may hold a token, so it is not quoted, not even as a cause.
  }
  throw new RegistryFault('refused', `registry ${host}: ${what}: the answer holds no token`);
}

export function basic({ username, password }: RegistryCredentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function keyOf({ endpoint, scope, credentials }: Wanted): string {
  const who = credentials ? createHash('sha256').update(basic(credentials)).digest('base64') : '';
  return `${endpoint.origin.origin} ${scope} ${who}`;
}
