import { once } from 'node:events';
import { type AddressInfo, createServer, Socket } from 'node:net';
import { Aedes } from 'aedes';
import { connectAsync, type MqttClient } from 'mqtt';
import type { Caller } from '../caller.js';
import { greeting, type Publisher, page, pageTag, streamLength, thousand, token } from '../operations.js';
import type { Served } from '../subject.js';

/** The head of a message, as both ends write it on MQTT 3.1.1: a line of JSON before the bytes. */
interface Head {
  readonly id: string;
  readonly kind?: string;
  readonly replyTo?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const encode = (head: object, body: Uint8Array | string = ''): Buffer =>
  Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), typeof body === 'string' ? Buffer.from(body) : body]);

function decode(payload: Buffer): { readonly head: Head; readonly body: Buffer } {
  const end = payload.indexOf(0x0a);
  return {
    head: JSON.parse(payload.subarray(0, end < 0 ? payload.length : end).toString()) as Head,
    body: end < 0 ? Buffer.alloc(0) : payload.subarray(end + 1),
  };
}

/** What one would write on mqtt.js and aedes alone for just these operations; with the broker, as the binding has it. */
export async function serveBareMqtt(publisher: Publisher): Promise<Served> {
  const broker = await Aedes.createBroker();
  const server = createServer((socket) => broker.handle(socket.setNoDelay(true)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = await connected(address, 'laboratory-host');
  client.setMaxListeners(0);
  client.on('message', (topic, payload) => void answer(client, publisher, topic, payload));
  await client.subscribeAsync('tutti/+/call/#', { qos: 1 });
  return {
    address,
    stop: async () => {
      await client.endAsync(true);
      await new Promise<void>((resolve) => broker.close(() => resolve()));
      server.close();
    },
  };
}

/** Small messages leave at once, as over the other protocols: to wait for more would be most of what is measured. */
async function connected(address: string, clientId: string): Promise<MqttClient> {
  const client = await connectAsync(address, { protocolVersion: 4, clientId });
  if (client.stream instanceof Socket) client.stream.setNoDelay(true);
  return client;
}

async function answer(client: MqttClient, publisher: Publisher, topic: string, payload: Buffer): Promise<void> {
  const { head, body } = decode(payload);
  const { id, replyTo = '', headers = {} } = head;
  const reply = (fields: object, bytes: Uint8Array | string = ''): Promise<unknown> =>
    client.publishAsync(replyTo, encode({ id, ...fields }, bytes), { qos: 1 });
  if (headers['authorization'] !== `Bearer ${token}`) {
    await reply({ kind: 'problem', status: 401 });
    return;
  }
  switch (topic.slice(topic.lastIndexOf('/') + 1)) {
    case 'lab.small': {
      const { name, n } = JSON.parse(body.toString()) as { readonly name: string; readonly n: number };
      await reply(
        { kind: 'value', status: 200, 'content-type': 'application/json' },
        JSON.stringify(greeting(name, n)),
      );
      return;
    }
    case 'lab.page': {
      const etag = `"${pageTag}"`;
      if (headers['if-none-match'] === etag) await reply({ kind: 'not-modified', status: 304, etag });
      else await reply({ kind: 'representation', status: 200, etag, 'content-type': 'application/octet-stream' }, page);
      return;
    }
    case 'lab.stream': {
      await reply({ kind: 'stream', status: 200 });
      for await (const { id: item, data } of thousand()) {
        void reply({ kind: 'item', seq: data.n, 'item-id': item }, JSON.stringify(data));
      }
      await reply({ kind: 'end', seq: streamLength + 1, reason: 'done' });
      return;
    }
    case 'lab.listen': {
      const gone = new AbortController();
      client.once('close', () => gone.abort());
      await reply({ kind: 'stream', status: 200 });
      for await (const { data } of publisher.items(gone.signal)) {
        void reply({ kind: 'item', seq: data.n }, JSON.stringify(data));
      }
    }
  }
}

/** Credit for more events than any workload has: the bare library has no flow control either. */
const credit = 10_000;

/** Speaks to the binding and to the bare server alike. */
export async function bareMqttCaller(address: string): Promise<Caller> {
  const name = `laboratory-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const client = await connected(address, name);
  const replyTo = `tutti/${name}/reply/laboratory`;
  const calls = new Map<string, (head: Head, body: Buffer) => void>();
  let last = 0;
  client.on('message', (_topic, payload) => {
    const { head, body } = decode(payload);
    calls.get(head.id)?.(head, body);
  });
  await client.subscribeAsync(replyTo, { qos: 1 });
  const send = (
    operation: string,
    input: object,
    headers: object,
    heard: (head: Head, body: Buffer) => void,
  ): string => {
    const id = String(++last);
    calls.set(id, heard);
    const head = { id, replyTo, headers: { authorization: `Bearer ${token}`, ...headers }, credit };
    client.publish(`tutti/${name}/call/lab.${operation}`, encode(head, JSON.stringify(input)), { qos: 1 });
    return id;
  };
  const ask = (operation: string, input: object, kind: string, headers: object = {}): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const id = send(operation, input, headers, (head, body) => {
        calls.delete(id);
        if (head.kind === kind) resolve(body);
        else reject(new Error(`${operation} answered ${head.kind}: ${body.toString()}`));
      });
    });
  return {
    small: async (n) => {
      JSON.parse((await ask('small', { name: 'press-7', n }, 'value')).toString());
    },
    page: async () => (await ask('page', {}, 'representation')).byteLength,
    poll: async () => {
      await ask('page', {}, 'not-modified', { 'if-none-match': `"${pageTag}"` });
    },
    stream: () =>
      new Promise((resolve, reject) => {
        let count = 0;
        const id = send('stream', {}, {}, ({ kind }, body) => {
          if (kind === 'item') {
            JSON.parse(body.toString());
            count++;
          } else if (kind !== 'stream') {
            calls.delete(id);
            if (kind === 'end') resolve(count);
            else reject(new Error(`the stream answered ${kind}: ${body.toString()}`));
          }
        });
      }),
    listen: (heard) =>
      new Promise((resolve, reject) => {
        const id = send('listen', {}, {}, ({ kind }, body) => {
          if (kind === 'problem') reject(new Error(`listening answered a problem: ${body.toString()}`));
          if (kind !== 'item') return;
          const { n } = JSON.parse(body.toString()) as { readonly n: number };
          if (n === 0) resolve(() => calls.delete(id));
          else heard(n);
        });
      }),
    close: () => client.endAsync(true),
  };
}
