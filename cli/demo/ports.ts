import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';

/** Ports of this machine's loopback that nobody uses, the preferred ones where they are free. */
export async function freePorts(preferred: readonly number[]): Promise<number[]> {
  const held: Server[] = [];
  try {
    for (const port of preferred) held.push((await listen(port)) ?? (await mustListen()));
    return held.map((server) => (server.address() as AddressInfo).port);
  } finally {
    // All are held until all are found, so that none is found twice.
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

async function listen(port: number): Promise<Server | undefined> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return server;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES')) {
      return undefined;
    }
    throw error;
  }
}

async function mustListen(): Promise<Server> {
  const server = await listen(0);
  if (!server) throw new Error('this machine has no free port');
  return server;
}
