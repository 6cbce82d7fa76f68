import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import type { FleetDisturbance } from '../../core/testing/index.js';

const refusals: Readonly<Partial<Record<FleetDisturbance, number>>> = {
  refused: 403,
  'not-found': 404,
  failing: 500,
  busy: 503,
};

/** Stands between a device and the HTTP binding of its fleet manager, and disturbs them when it is told to. */
export class DisturbingProxy {
  /** JSON bodies of requests that were passed on, by their paths, the newest of each. */
  readonly bodies = new Map<string, unknown>();
  how: FleetDisturbance | undefined;
  #port = 0;
  #asked: () => void = () => undefined;
  readonly #server = createServer((request, response) => this.#serve(request, response));

  constructor(private readonly target: URL) {}

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async disturb(how: FleetDisturbance | undefined): Promise<void> {
    this.how = how;
    if (how === 'away') await this.stop();
    else if (!this.#server.listening) await this.start();
  }

  /** Resolves with the next request that comes. */
  asked(): Promise<void> {
    return new Promise((resolve) => {
      this.#asked = resolve;
    });
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.#asked();
    const status = this.how && refusals[this.how];
    if (status !== undefined) {
      const problem = { type: 'about:blank', title: 'no', status, detail: 'the test says so' };
      const later = this.how === 'busy' && { 'retry-after': '7' };
      response.writeHead(status, { 'content-type': 'application/problem+json', ...later });
      response.end(JSON.stringify(problem));
    } else if (this.how === 'cut') {
      request.socket.resetAndDestroy();
    } else if (this.how === 'garbage') {
      request.socket.end('this is not HTTP\r\n\r\n');
    } else if (this.how !== 'silent') {
      this.#pass(request, response);
    }
  }

  /** With the headers as they are: signatures cover the address that the device used. */
  #pass(request: IncomingMessage, response: ServerResponse): void {
    const { method, url: path = '', headers } = request;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    const passed = send({ host: this.target.hostname, port: this.target.port, method, path, headers, agent: false });
    passed.on('response', (answer) => {
      const body = Buffer.concat(chunks).toString();
      if (body !== '') this.bodies.set(path, JSON.parse(body));
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      // Who goes away on one side is gone on the other.
      pipeline(answer, response, () => undefined);
      response.on('close', () => passed.destroy());
    });
    passed.on('error', () => response.destroy());
    pipeline(request, passed, () => undefined);
  }
}
