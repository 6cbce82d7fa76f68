import { request as ask, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TokenIssuer, wantedAccess } from '../parts/token-issuer.js';
import { apiAnswer } from './api.js';
import { Description } from './description.js';
import { Rooms } from './rooms.js';

/** What stands between a caller and the answer: a reply of its own, a cut, or nothing. */
export type Meddler = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * A stand-in for Harbor: no Harbor, but what its published description says of the operations that we use, over real
 * HTTP, before a real docker-registry. It checks every exchange of its API against that description.
 *
 * Distribution (`/v2/`) is passed on to the registry as it is, and tokens are those that the registry verifies.
 */
export class HarborStandIn {
  readonly rooms = new Rooms();
  /** What was not as the description says. */
  readonly violations: string[] = [];
  /** Method and target of every request, as sent. */
  readonly requests: { readonly line: string; readonly headers: IncomingMessage['headers'] }[] = [];
  /** Scopes that tokens were asked for, by whom. */
  readonly tokens: { readonly username: string; readonly scope: string }[] = [];
  /** Seconds for which new tokens are good, and for which they say to be. */
  tokenSeconds = { real: 300, told: 300 };
  meddle: Meddler = () => false;
  /** The docker-registry behind, once there is one: `127.0.0.1:port`. */
  registry = '';
  readonly #description = new Description();

  private constructor(
    private readonly server: Server,
    private readonly issuer: TokenIssuer | undefined,
  ) {}

  static async start(issuer?: TokenIssuer): Promise<HarborStandIn> {
    const server = createServer();
    const standIn = new HarborStandIn(server, issuer);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      standIn.#answer(request, response).catch((error: unknown) => {
        standIn.violations.push(`the stand-in itself: ${String(error)}`);
        response.destroy();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return standIn;
  }

  /** `127.0.0.1:port`. */
  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `http://${this.host}`;
  }

  get realm(): string {
    return `${this.url}/service/token`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.url ?? '/';
    this.requests.push({ line: `${request.method} ${target}`, headers: request.headers });
    if (this.meddle(request, response)) return;
    if (target.startsWith('/service/token')) return this.#token(request, response);
    if (target.startsWith('/v2/')) return this.#passOn(request, response);
    await this.#api(request, response, target);
  }

  async #api(request: IncomingMessage, response: ServerResponse, target: string): Promise<void> {
    const body = await textOf(request);
    const reply = await apiAnswer(this.rooms, request, target, body, (repository, reference) =>
      this.#digest(repository, reference),
    );
    const text = reply.body === undefined ? '' : JSON.stringify(reply.body);
    const seen = { method: request.method ?? '', target, headers: request.headers, body };
    this.violations.push(...this.#description.faults(seen, { status: reply.status, body: text }));
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers }).end(text);
  }

  #token(request: IncomingMessage, response: ServerResponse): void {
    const query = new URL(request.url ?? '', this.url).searchParams;
    const user = this.rooms.userOf(request.headers.authorization);
    this.tokens.push({ username: user?.username ?? '', scope: query.getAll('scope').join(' ') });
    if (request.headers.authorization !== undefined && !user) {
      response.writeHead(401).end('{"errors":[{"code":"UNAUTHORIZED","message":"wrong"}]}');
      return;
    }
    const access = wantedAccess(query).map((one) => ({
      ...one,
      actions: one.actions.filter((action) => user?.may(one.name.split('/')[0] ?? '', action)),
    }));
    const { real, told } = this.tokenSeconds;
    const token = this.issuer?.token(user?.username ?? '', access, real);
    response.end(JSON.stringify({ token, expires_in: told, issued_at: new Date().toISOString() }));
  }

  /** As a proxy: the registry sees the host that the caller asked for, so that its addresses lead back here. */
  #passOn(request: IncomingMessage, response: ServerResponse): void {
    const rule = this.rooms.ruleAgainst(request.method ?? '', request.url ?? '');
    if (rule) {
      request.resume();
      response.writeHead(rule.status, { 'content-type': 'application/json' }).end(JSON.stringify(rule.body));
      return;
    }
    const [hostname, port] = this.registry.split(':');
    const { method, url: path, headers } = request;
    const onward = ask({ hostname, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }

  /** What the registry behind has under a tag or digest. */
  async #digest(repository: string, reference: string): Promise<string | undefined> {
    const token = this.issuer?.token('harbor-core', [{ type: 'repository', name: repository, actions: ['pull'] }]);
    const answer = await fetch(`http://${this.registry}/v2/${repository}/manifests/${reference}`, {
      method: 'HEAD',
      headers: {
        accept: 'application/vnd.oci.image.manifest.v1+json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
    });
    return answer.ok ? (answer.headers.get('docker-content-digest') ?? undefined) : undefined;
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
