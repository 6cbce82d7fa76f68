import {
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { assignNumbers, describe } from '../../../vendors/grpc/wire/index.js';
import { printProto } from '../../../vendors/grpc/wire/print.js';
import type { Caller } from '../caller.js';
import { greeting, operations, type Publisher, page, pageTag, thousand, token } from '../operations.js';
import type { Served } from '../subject.js';

/** Messages as protobufjs makes them of the .proto alone: what one would use beside @grpc/grpc-js. */
function messages(): (name: string) => { encode: (value: object) => Buffer; decode: (bytes: Buffer) => object } {
  const file = assignNumbers(
    describe(Object.values(operations).map((operation) => ({ operation: operation as never }))),
    {},
  ).file;
  const { root } = protobuf.parse(printProto(file));
  return (name) => {
    const type = name === 'Empty' ? root.lookupType('google.protobuf.Empty') : root.lookupType(`tutti.v1.${name}`);
    return {
      encode: (value) => type.encode(value).finish() as Buffer,
      decode: (bytes) => type.decode(bytes) as object,
    };
  };
}

type Message = ReturnType<ReturnType<typeof messages>>;

interface Small {
  readonly name: string;
  readonly n: number | { toNumber(): number };
}

const authorized = (metadata: Metadata): boolean => metadata.get('authorization')[0] === `Bearer ${token}`;
const refusal = { code: status.UNAUTHENTICATED, details: 'not the token of the laboratory' };

/** What one would write on @grpc/grpc-js alone for just these operations. */
export async function serveBareGrpc(publisher: Publisher): Promise<Served> {
  const of = messages();
  const server = new Server();
  const unary = (
    method: string,
    request: Message,
    response: Message,
    answer: (input: object, metadata: Metadata) => object,
  ): void => {
    server.register(
      `/tutti.v1.Lab/${method}`,
      (call: ServerUnaryCall<object, object>, done: sendUnaryData<object>) => {
        if (authorized(call.metadata)) done(null, answer(call.request, call.metadata));
        else done(refusal);
      },
      response.encode,
      request.decode,
      'unary',
    );
  };
  const streaming = (
    method: string,
    run: (call: ServerWritableStream<object, object>) => Promise<void> | void,
  ): void => {
    server.register(
      `/tutti.v1.Lab/${method}`,
      (call: ServerWritableStream<object, object>) => {
        if (authorized(call.metadata)) void run(call);
        else call.emit('error', refusal);
      },
      of(`Lab${method}Item`).encode,
      of(`Lab${method}Request`).decode,
      'serverStream',
    );
  };
  unary('Small', of('LabSmallRequest'), of('LabSmallResponse'), (input) => {
    const { name, n } = input as Small;
    return greeting(name, Number(n));
  });
  unary('Page', of('LabPageRequest'), of('Representation'), (_input, metadata) =>
    metadata.get('if-none-match')[0] === `"${pageTag}"`
      ? { etag: pageTag, notModified: true }
      : { content: page, mediaType: 'application/octet-stream', etag: pageTag },
  );
  streaming('Stream', async (call) => {
    for await (const item of thousand()) {
      if (!call.write(item)) await new Promise((resolve) => call.once('drain', resolve));
    }
    call.end();
  });
  streaming('Listen', async (call) => {
    const gone = new AbortController();
    call.on('cancelled', () => gone.abort());
    for await (const item of publisher.items(gone.signal)) call.write(item);
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { address: `grpc://127.0.0.1:${port}`, stop: async () => server.forceShutdown() };
}

/** Speaks to the binding and to the bare server alike. */
export function bareGrpcCaller(address: string): Caller {
  const of = messages();
  const client = new Client(new URL(address).host, credentials.createInsecure());
  const metadata = (more: Readonly<Record<string, string>> = {}): Metadata => {
    const made = new Metadata();
    made.set('authorization', `Bearer ${token}`);
    for (const [name, value] of Object.entries(more)) made.set(name, value);
    return made;
  };
  const ask = (method: string, response: string, input: object, head = metadata()): Promise<object> => {
    const request = of(`Lab${method}Request`);
    const answer = of(response);
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(`/tutti.v1.Lab/${method}`, request.encode, answer.decode, input, head, (error, value) =>
        error ? reject(error) : resolve(value ?? {}),
      );
    });
  };
  const open = (method: string): ClientReadableStream<object> =>
    client.makeServerStreamRequest(
      `/tutti.v1.Lab/${method}`,
      of(`Lab${method}Request`).encode,
      of(`Lab${method}Item`).decode,
      {},
      metadata(),
    );
  return {
    small: async (n) => {
      await ask('Small', 'LabSmallResponse', { name: 'press-7', n });
    },
    page: async () =>
      ((await ask('Page', 'Representation', {})) as { readonly content: Uint8Array }).content.byteLength,
    poll: async () => {
      const head = metadata({ 'if-none-match': `"${pageTag}"` });
      const { notModified } = (await ask('Page', 'Representation', {}, head)) as { readonly notModified?: boolean };
      if (notModified !== true) throw new Error('the page came although nothing had changed');
    },
    stream: async () => {
      let count = 0;
      for await (const _ of open('Stream')) count++;
      return count;
    },
    listen: (heard) =>
      new Promise((resolve, reject) => {
        const stream = open('Listen');
        const stop = (): void => stream.cancel();
        stream.once('data', () => {
          stream.on('data', ({ data }: { readonly data: { readonly n: number } }) => heard(Number(data.n)));
          resolve(stop);
        });
        // After `stop` it ends with an error, as every cancelled call does; one that breaks is never heard again.
        stream.on('error', reject);
      }),
    close: async () => client.close(),
  };
}
