import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json, text } from 'node:stream/consumers';
import type { Caller } from '../caller.js';
import { greeting, type Publisher, page, pageTag, thousand, token } from '../operations.js';
import type { Served } from '../subject.js';

/** What one would write on node:http alone for just these operations. */
export async function serveBareHttp(publisher: Publisher): Promise<Served> {
  const server = createServer((incoming, response) => {
    if (incoming.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(401).end();
      return;
    }
    switch (incoming.url) {
      case '/small':
        void small(incoming, response);
        break;
      case '/page':
        sendPage(incoming, response);
        break;
      case '/stream':
        void sendThousand(response);
        break;
      case '/listen':
        void listen(response, publisher);
        break;
      default:
        response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function small(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { name, n } = (await json(incoming)) as { readonly name: string; readonly n: number };
  const body = JSON.stringify(greeting(name, n));
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

function sendPage(incoming: IncomingMessage, response: ServerResponse): void {
  if (incoming.headers['if-none-match'] === `"${pageTag}"`) {
    response.writeHead(304, { ETag: `"${pageTag}"` }).end();
    return;
  }
  response.writeHead(200, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': page.byteLength,
    ETag: `"${pageTag}"`,
  });
  response.end(page);
}

async function sendThousand(response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  for await (const { id, data } of thousand()) {
    const taken = response.write(`id: ${id}\ndata: ${JSON.stringify(data)}\n\n`);
    if (!taken) await once(response, 'drain');
  }
  response.end();
}

async function listen(response: ServerResponse, publisher: Publisher): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  for await (const { data } of publisher.items(gone.signal)) response.write(`data: ${JSON.stringify(data)}\n\n`);
}

/** Speaks to the binding and to the bare server alike. */
export function bareHttpCaller(address: string): Caller {
  const agent = new Agent({ keepAlive: true, noDelay: true });
  const authorization = `Bearer ${token}`;
  const ask = async (
    method: string,
    path: string,
    status: number,
    headers: Record<string, string> = {},
    body?: string,
  ): Promise<IncomingMessage> => {
    const sent = request(address + path, { method, agent, headers: { authorization, ...headers } });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    if (response.statusCode !== status)
      throw new Error(`${path} answered ${response.statusCode}: ${await text(response)}`);
    return response;
  };
  return {
    small: async (n) => {
      const body = JSON.stringify({ name: 'press-7', n });
      await json(
        await ask(
          'POST',
          '/small',
          200,
          { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) },
          body,
        ),
      );
    },
    page: async () => bytesIn(await ask('GET', '/page', 200)),
    poll: async () => {
      await bytesIn(await ask('GET', '/page', 304, { 'if-none-match': `"${pageTag}"` }));
    },
    stream: async () => {
      let count = 0;
      for await (const _ of eventsIn(await ask('GET', '/stream', 200))) count++;
      return count;
    },
    listen: async (heard) => {
      const response = await ask('GET', '/listen', 200);
      const events = eventsIn(response);
      await events.next();
      void (async () => {
        try {
          for await (const data of events) heard((JSON.parse(data) as { readonly n: number }).n);
        } catch (error) {
          // Ended by `destroy` below; a stream that breaks shows as an event that is never heard.
          if (!response.destroyed) throw error;
        }
      })();
      return () => response.destroy();
    },
    close: async () => agent.destroy(),
  };
}

async function bytesIn(response: IncomingMessage): Promise<number> {
  let count = 0;
  for await (const chunk of response) count += (chunk as Buffer).byteLength;
  return count;
}

async function* eventsIn(response: IncomingMessage): AsyncGenerator<string, void, undefined> {
  let rest = '';
  for await (const chunk of response.setEncoding('utf8')) {
    const frames = (rest + String(chunk)).split('\n\n');
    rest = frames.pop() ?? '';
    for (const frame of frames) {
      const line = frame.split('\n').find((each) => each.startsWith('data: '));
      if (line !== undefined) yield line.slice('data: '.length);
    }
  }
}
