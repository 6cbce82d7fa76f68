import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSigned } from './certificate.js';

export interface PlayedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly contentType: string;
  readonly body: string;
}

export interface PlayedAnswer {
  readonly status?: number;
  readonly body: object;
}

export interface PlayedApi {
  readonly kubeconfig: string;
  /** Everything that was asked, in order. */
  readonly asked: readonly PlayedRequest[];
  close(): Promise<void>;
}

/** A Kubernetes API server on a real socket that answers as told: for what no cluster does on request. */
export async function playApi(answer: (request: PlayedRequest) => PlayedAnswer): Promise<PlayedApi> {
  const { certificate, key, ca } = await selfSigned(['127.0.0.1']);
  const asked: PlayedRequest[] = [];
  const server = createServer({ cert: certificate, key }, (request, response) => {
    void read(request).then((played) => {
      asked.push(played);
      const { status = 200, body } = answer(played);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const directory = mkdtempSync(join(tmpdir(), 'tutti-api-'));
  const kubeconfig = join(directory, 'kubeconfig');
  const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cluster = { server: address, 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  const content = {
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token: 'valid' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  writeFileSync(kubeconfig, JSON.stringify(content));
  return {
    kubeconfig,
    asked,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      rmSync(directory, { recursive: true });
    },
  };
}

async function read(request: IncomingMessage): Promise<PlayedRequest> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://played');
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
  const { method = 'GET', headers } = request;
  return { method, path: pathname, query: searchParams, contentType: headers['content-type'] ?? '', body };
}
