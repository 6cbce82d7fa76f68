import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ArtifactToPush, Descriptor } from '../../../ports/index.js';
import { admitted, giveToken, type RegistryAccess } from './access.js';
import { type Repository, type SeededArtifact, seed } from './content.js';
import { Distribution, partOf, type RequestPart } from './distribution.js';
import type { Misbehaviour } from './misbehaviour.js';

export interface SeenRequest {
  readonly part: RequestPart;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  /** Bytes of its body. */
  readonly size: number;
  /** Resolves when its answer is complete, or the connection gone. */
  readonly closed: Promise<void>;
}

/**
 * A small registry (OCI Distribution v1.1) on this machine, that keeps what it is sent in memory, and answers wrongly
 * when it is told to.
 */
export class RegistryServer {
  readonly requests: SeenRequest[] = [];
  readonly #distribution = new Distribution();
  readonly #misbehaviours = new Map<RequestPart, Misbehaviour>();
  readonly #server: Server;
  /** Whom it serves; everybody unless told. */
  access: RegistryAccess | undefined;
  #heard: (request: SeenRequest) => void = () => undefined;

  private constructor(private readonly hostname: string) {
    this.#server = createServer((request, response) => {
      // A client that goes away in the middle is what some cases are about.
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  /** @param hostname by which it is reached, a name of this machine */
  static async start(hostname: string): Promise<RegistryServer> {
    const made = new RegistryServer(hostname);
    await new Promise<void>((resolve) => made.#server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  /** `host:port` */
  get host(): string {
    return `${this.hostname}:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `http://${this.host}`;
  }

  repository(name: string): Repository {
    return this.#distribution.repository(name);
  }

  /** How many tags one answer has at most; 1,000 unless told. */
  set pageSize(tags: number) {
    this.#distribution.pageSize = tags;
  }

  /** Whether it has the referrers API; it has unless told. */
  set listsReferrers(whether: boolean) {
    this.#distribution.listsReferrers = whether;
  }

  seed(name: string, artifact: ArtifactToPush, tag?: string, subject?: Descriptor): SeededArtifact {
    return seed(this.repository(name), artifact, tag, subject);
  }

  /** From now on, answers requests for a part in this way. */
  misbehave(part: RequestPart, how: Misbehaviour): void {
    this.#misbehaviours.set(part, how);
  }

  behave(): void {
    this.#misbehaviours.clear();
  }

  /** Resolves with the next request that comes. */
  next(): Promise<SeenRequest> {
    return new Promise((resolve) => {
      this.#heard = resolve;
    });
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: target = '', headers } = request;
    const closed = new Promise<void>((resolve) => response.on('close', resolve));
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const url = new URL(target, this.url);
    const part = partOf(url.pathname);
    const seen = { part, method, target, headers, size: body.byteLength, closed };
    this.requests.push(seen);
    this.#heard(seen);

    if (this.access && part === 'token') return giveToken(this.access, request, response);
    if (this.access && !admitted(this.access, `${this.url}/token`, request, response)) return;
    const misbehave = this.#misbehaviours.get(part);
    const answer = this.#distribution.answer(part, method, url, body);
    const content = answer.body ?? Buffer.alloc(0);
    if (misbehave) return misbehave({ request, response, content, headers: answer.headers });
    response.writeHead(answer.status, { 'content-length': content.byteLength, ...answer.headers });
    response.end(method === 'HEAD' ? undefined : content);
  }
}
