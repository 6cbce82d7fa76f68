import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { hasCode } from '../../core/files/index.js';

/** Below what systems give to whoever asks for any port, and so to nobody unasked: from 32768 on Linux, 49152 elsewhere. */
const lowest = 20_000;
/** How many each worker of a run has to itself, so that two that look at the same time find different ones. */
const each = 1_500;
const ranges = 8;

const worker = Number(process.env['VITEST_POOL_ID'] ?? 1);
const candidates = from(lowest + (worker % ranges) * each);

/**
 * Ports of an address, of loopback unless told, that nobody uses, for servers that have to be told theirs. None is given
 * twice, nor to another process of tests on this machine as long as this one lives: a server that was killed can have its
 * port again.
 */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const held: [number, Server][] = [];
  try {
    for (const port of candidates) {
      const server = await listening(port, host);
      if (server) {
        if (await claimed(port)) held.push([port, server]);
        else server.close();
      }
      if (held.length === count) break;
    }
    return held.map(([port]) => port);
  } finally {
    await Promise.all(held.map(([, server]) => new Promise((resolve) => server.close(resolve))));
  }
}

export async function freePort(host?: string): Promise<number> {
  const [port] = await freePorts(1, host);
  if (port === undefined) throw new Error('no port');
  return port;
}

/** All of a range, over and over, from anywhere in it: another run may be under way on this machine. */
function from(first: number): Iterable<number> {
  let at = Math.floor(Math.random() * each);
  const next = (): IteratorResult<number> => {
    at = (at + 1) % each;
    return { done: false, value: first + at };
  };
  return { [Symbol.iterator]: () => ({ next }) };
}

/** Whether the port is ours until this process ends: UDP, which nothing of ours speaks, has the same numbers. */
async function claimed(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    socket.bind({ port, address: '127.0.0.1', exclusive: true });
    await once(socket, 'listening');
    socket.unref();
    return true;
  } catch (error) {
    if (hasCode(error, 'EADDRINUSE', 'EACCES')) return false;
    throw error;
  }
}

async function listening(port: number, host: string): Promise<Server | undefined> {
  const server = createServer();
  try {
    await once(server.listen(port, host), 'listening');
    return server;
  } catch (error) {
    if (hasCode(error, 'EADDRINUSE', 'EACCES')) return undefined;
    throw error;
  }
}
