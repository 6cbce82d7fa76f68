import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands before a subject and counts the bytes that go through, both ways. */
export interface CountingProxy {
  /** The subject's address with the proxy's port. */
  readonly address: string;
  bytes(): number;
  stop(): Promise<void>;
}

export async function countingProxy(address: string): Promise<CountingProxy> {
  const url = new URL(address);
  const sockets = new Set<Socket>();
  let bytes = 0;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
    });
    socket.on('close', () => sockets.delete(socket));
    // An end that breaks ends the other one; whoever measures sees it as a failed call.
    socket.on('error', () => socket.destroy());
  };
  const server = createServer((near) => {
    const far = connect(Number(url.port), url.hostname);
    keep(near);
    keep(far);
    near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: address.replace(`:${url.port}`, `:${(server.address() as AddressInfo).port}`),
    bytes: () => bytes,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
