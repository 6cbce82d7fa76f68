import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TargetFault } from '../../../core/plugin/index.js';
import { manualClock } from '../../../core/testing/index.js';
import { type ServerCertificate, selfSigned } from '../../../test/parts/certificate.js';
import { Access } from './access.js';
import { Cluster } from './cluster.js';
import { follow, type ListChange } from './follow.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let certificate: ServerCertificate;
let other: ServerCertificate;
let directory: string;
let server: Server;
let answer: Answer;

beforeAll(async () => {
  [certificate, other] = await Promise.all([selfSigned(['127.0.0.1']), selfSigned(['127.0.0.1'])]);
});
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tutti-k3s-'));
  server = createServer({ cert: certificate.certificate, key: certificate.key }, (request, response) =>
    answer(request, response),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.closeAllConnections();
  if (server.listening) {
    server.close();
    await once(server, 'close');
  }
  rmSync(directory, { recursive: true });
});

const port = (): number => (server.address() as AddressInfo).port;

function kubeconfig(change: { readonly port?: number; readonly ca?: string; readonly token?: string } = {}): string {
  const file = join(directory, 'kubeconfig');
  const ca = Buffer.from(change.ca ?? certificate.ca).toString('base64');
  const cluster = { server: `https://127.0.0.1:${change.port ?? port()}`, 'certificate-authority-data': ca };
  const content = {
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token: change.token ?? 'valid' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  writeFileSync(file, JSON.stringify(content));
  return file;
}

function connect(change: Parameters<typeof kubeconfig>[0] = {}, patience = 30_000, told: object = {}): Cluster {
  const config = { kubeconfig: kubeconfig(change), ...told };
  const cluster = new Cluster(new Access({ config, resolvePath: (path) => path, env: {} }), patience);
  afterClosed.push(() => cluster.access.close());
  return cluster;
}
const afterClosed: (() => void)[] = [];
afterEach(() => {
  for (const close of afterClosed.splice(0)) close();
});

const pods = (cluster: Cluster) => cluster.list('/api/v1/pods');
async function fault(work: Promise<unknown>): Promise<TargetFault> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TargetFault);
  return error as TargetFault;
}
const list = (version: string, ...items: object[]): string =>
  JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: version }, items });

describe('the API server', () => {
  it('that is not there', async () => {
    const free = port();
    server.close();
    await once(server, 'close');
    const cluster = connect({ port: free });
    expect(await fault(pods(cluster))).toMatchObject({ code: 'platform', retry: true });
    expect(cluster.health()).toEqual({
      status: 'degraded',
      reason: `the Kubernetes API at https://127.0.0.1:${free} refuses connections; is k3s running? (ECONNREFUSED)`,
    });
  });

  it.each([
    ['closes the connection', (request: IncomingMessage) => request.socket.destroy()],
    [
      'gives half an answer',
      (_: IncomingMessage, response: ServerResponse) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write(list('1').slice(0, 10), () => response.destroy());
      },
    ],
  ])('that %s', async (_name, does) => {
    answer = does;
    const { message, retry } = await fault(pods(connect()));
    expect(message).toContain('closed the connection in the middle of an answer');
    expect(retry).toBe(true);
  });

  it('that answers with what is no JSON', async () => {
    answer = (_, response) => void response.end('{"kind": "PodLi');
    expect((await fault(pods(connect()))).message).toContain('gave half an answer to GET /api/v1/pods');
  });

  it('that says nothing', async () => {
    answer = () => undefined;
    const { message, retry } = await fault(pods(connect({}, 20)));
    expect(message).toContain('does not answer (ETIMEDOUT)');
    expect(retry).toBe(true);
  });

  it('that is somebody else', async () => {
    const { message, retry } = await fault(pods(connect({ ca: other.ca })));
    expect(message).toMatch(/has a certificate of an authority that we do not trust; check `ca` or the kubeconfig/);
    expect(retry).toBe(true);
  });

  it('whose authority is told by the config', async () => {
    answer = (_, response) => void response.end(list('7'));
    const ca = join(directory, 'ca.crt');
    writeFileSync(ca, certificate.ca);
    expect((await pods(connect({ ca: other.ca }, 30_000, { ca }))).resourceVersion).toBe('7');
  });

  it('that speaks no TLS', async () => {
    const plain = createTcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const { message, retry } = await fault(pods(connect({ port: (plain.address() as AddressInfo).port })));
    expect(message).toContain('speaks no TLS that we understand');
    expect(retry).toBe(true);
    plain.close();
  });

  it('that does not know us any more, until the kubeconfig is written anew', async () => {
    answer = (request, response) => {
      if (request.headers.authorization === 'Bearer renewed') response.end(list('7'));
      else response.writeHead(401).end('{"kind":"Status","message":"Unauthorized","reason":"Unauthorized"}');
    };
    const cluster = connect({ token: 'expired-secret' });
    const { message, retry } = await fault(pods(cluster));
    expect(message).toContain('the credentials of the kubeconfig are expired or wrong; renew the file');
    expect(message).not.toContain('expired-secret');
    expect(retry).toBe(true);
    expect(cluster.health().status).toBe('degraded');
    kubeconfig({ token: 'renewed' });
    expect((await pods(cluster)).resourceVersion).toBe('7');
    expect(cluster.health().status).toBe('ok');
  });

  it('that has another authority, or is elsewhere, as soon as the kubeconfig says so', async () => {
    answer = (_, response) => void response.end(list('7'));
    const cluster = connect({ ca: other.ca });
    expect((await fault(pods(cluster))).message).toContain('has a certificate of an authority that we do not trust');
    kubeconfig();
    expect((await pods(cluster)).resourceVersion).toBe('7');

    const moved = createServer({ cert: certificate.certificate, key: certificate.key }, (_, response) =>
      response.end(list('8')),
    ).listen(0, '127.0.0.1');
    await once(moved, 'listening');
    server.closeAllConnections();
    server.close();
    expect((await fault(pods(cluster))).message).toMatch(/refuses connections|closed the connection/);
    kubeconfig({ port: (moved.address() as AddressInfo).port });
    expect((await pods(cluster)).resourceVersion).toBe('8');
    moved.closeAllConnections();
    moved.close();
  });

  it('that has a kubeconfig without the context, or none', async () => {
    expect((await fault(pods(connect({}, 30_000, { context: 'y' })))).message).toContain(
      'no usable context y; it has x',
    );
    const none = { kubeconfig: join(directory, 'none') };
    expect((await fault(pods(connect({}, 30_000, none)))).message).toContain('is k3s installed here?');
  });
});

it('reads several kubeconfigs of the environment together, as far as they are there', async () => {
  answer = (_, response) => void response.end(list('7'));
  const { clusters, users, contexts, ...rest } = JSON.parse(readFileSync(kubeconfig(), 'utf8'));
  const [place, person] = [join(directory, 'place'), join(directory, 'person')];
  writeFileSync(place, JSON.stringify({ clusters, users: [], contexts: [] }));
  writeFileSync(person, JSON.stringify({ clusters: [], users, contexts, ...rest }));
  const env = { KUBECONFIG: [place, join(directory, 'none'), person].join(delimiter) };
  const access = new Access({ config: {}, resolvePath: (path) => path, env });
  afterClosed.push(() => access.close());
  expect((await pods(new Cluster(access, 30_000))).resourceVersion).toBe('7');
  expect(access.file).toBeUndefined();
});

it('reads lists of many pages', async () => {
  answer = (request, response) => {
    const from = new URL(request.url ?? '', 'https://x').searchParams.get('continue');
    const metadata = { resourceVersion: '7', ...(from === null && { continue: 'more' }) };
    const name = from === null ? 'a' : 'b';
    response.end(JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata, items: [{ metadata: { name } }] }));
  };
  const { items } = await pods(connect());
  expect(items.map(({ kind, metadata }) => [kind, metadata.name])).toEqual([
    ['Pod', 'a'],
    ['Pod', 'b'],
  ]);
});

describe('a watch', () => {
  /** What the server is asked, and what it says to the watches, one after the other. */
  async function followed(watches: readonly Answer[], changes: number): Promise<{ asked: string[]; heard: string[] }> {
    const asked: string[] = [];
    const left = [...watches];
    let lists = 0;
    answer = (request, response) => {
      const query = new URL(request.url ?? '', 'https://x').searchParams;
      if (query.get('watch') === null) {
        lists += 1;
        asked.push('list');
        return void response.end(list(`${lists}00`, { metadata: { name: `listed-${lists}` } }));
      }
      asked.push(`watch from ${query.get('resourceVersion')}`);
      const next = left.shift();
      if (next) next(request, response);
    };
    const clock = manualClock();
    const end = new AbortController();
    const heard: string[] = [];
    const moving = (async () => {
      while (!end.signal.aborted) await clock.advance(60_000);
    })();
    for await (const change of follow(connect(), { path: '/api/v1/pods', clock, signal: end.signal })) {
      heard.push(spoken(change));
      if (heard.length === changes) break;
    }
    end.abort();
    await moving;
    return { asked, heard };
  }
  const spoken = (change: ListChange): string =>
    change.kind === 'listed'
      ? `listed ${change.objects.map(({ metadata }) => metadata.name).join()}`
      : `${change.kind} ${change.object.metadata.name}`;
  const line = (type: string, name: string, resourceVersion: string): string =>
    `${JSON.stringify({ type, object: { metadata: { name, resourceVersion } } })}\n`;
  const says =
    (...lines: string[]): Answer =>
    (_, response) =>
      void response.end(lines.join(''));
  const gone: Answer = (_, response) =>
    void response.end(
      `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } })}\n`,
    );

  it('goes on where it was when the server ends it', async () => {
    const { asked, heard } = await followed([says(line('ADDED', 'a', '101')), says(line('DELETED', 'a', '102'))], 3);
    expect(heard).toEqual(['listed listed-1', 'changed a', 'gone a']);
    expect(asked).toEqual(['list', 'watch from 100', 'watch from 101']);
  });

  it('goes on from a bookmark', async () => {
    const { asked } = await followed([says(line('BOOKMARK', '', '150')), says(line('ADDED', 'a', '151'))], 2);
    expect(asked).toEqual(['list', 'watch from 100', 'watch from 150']);
  });

  it('lists anew when the server has forgotten where it was', async () => {
    const { asked, heard } = await followed([gone, says(line('ADDED', 'a', '201'))], 3);
    expect(heard).toEqual(['listed listed-1', 'listed listed-2', 'changed a']);
    expect(asked).toEqual(['list', 'watch from 100', 'list', 'watch from 200']);
  });

  it('lists anew when it is told so at once', async () => {
    const refused: Answer = (_, response) =>
      void response.writeHead(410).end('{"message":"too old","reason":"Expired"}');
    expect((await followed([refused, says(line('ADDED', 'a', '201'))], 3)).asked).toEqual([
      'list',
      'watch from 100',
      'list',
      'watch from 200',
    ]);
  });

  it('takes nothing from half an event, and asks for it again', async () => {
    const cut: Answer = (_, response) => {
      response.writeHead(200);
      response.write(`${line('ADDED', 'a', '101')}${line('ADDED', 'b', '102').slice(0, 20)}`, () => response.destroy());
    };
    const { asked, heard } = await followed([cut, says(line('ADDED', 'b', '102'))], 3);
    expect(heard).toEqual(['listed listed-1', 'changed a', 'changed b']);
    expect(asked).toEqual(['list', 'watch from 100', 'watch from 101']);
  });

  it('outlasts a server that is not well', async () => {
    const ill: Answer = (_, response) => void response.writeHead(503).end('');
    const { asked } = await followed([ill, ill, says(line('ADDED', 'a', '101'))], 2);
    expect(asked).toEqual(['list', 'watch from 100', 'watch from 100', 'watch from 100']);
  });
});
