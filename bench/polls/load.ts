import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';

/** One device's keep-alive connection. */
export interface Connection {
  readonly socket: TLSSocket;
  /** Polls to send in turn. */
  readonly polls: readonly Buffer[];
}

export interface Round {
  readonly polls: number;
  readonly seconds: number;
  /** Milliseconds, one for each poll. */
  readonly latencies: readonly number[];
}

export async function openConnection(origin: string, ca: string, polls: readonly Buffer[]): Promise<Connection> {
  const { hostname, port } = new URL(origin);
  const socket = connect({ host: hostname, port: Number(port), ca, minVersion: 'TLSv1.3' });
  socket.setNoDelay(true);
  await once(socket, 'secureConnect');
  return { socket, polls };
}

/** Every connection has one poll under way until the time is over. Raw bytes both ways, so that the load costs little. */
export async function runRound(connections: readonly Connection[], seconds: number): Promise<Round> {
  const latencies: number[] = [];
  const began = performance.now();
  const until = began + seconds * 1000;
  const awake = stayAwake();
  try {
    await Promise.all(connections.map((connection) => poll(connection, until, latencies)));
  } finally {
    awake.abort();
  }
  return { polls: latencies.length, seconds: (performance.now() - began) / 1000, latencies };
}

/**
 * Keeps this process running between answers. To wake a sleeping one costs whoever writes to it several microseconds,
 * and a slower server would pay them more often; devices are on other machines.
 */
function stayAwake(): AbortController {
  const done = new AbortController();
  const turn = (): void => {
    if (!done.signal.aborted) setImmediate(turn);
  };
  turn();
  return done;
}

const notModified = 'HTTP/1.1 304';

function poll({ socket, polls }: Connection, until: number, latencies: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let turn = 0;
    let sent = 0;
    let head = '';
    const next = (): void => {
      sent = performance.now();
      const bytes = polls[turn++ % polls.length];
      if (bytes) socket.write(bytes);
    };
    const settle = (end: () => void): void => {
      socket.off('data', received).off('close', cut);
      end();
    };
    const received = (chunk: Buffer): void => {
      head += chunk.toString('latin1');
      // A 304 has no body: its head is all of it.
      if (!head.endsWith('\r\n\r\n')) return;
      if (!head.startsWith(notModified)) {
        settle(() => reject(new Error(`a poll was answered with:\n${head}`)));
        return;
      }
      head = '';
      const now = performance.now();
      latencies.push(now - sent);
      if (now < until) next();
      else settle(resolve);
    };
    const cut = (): void => settle(() => reject(new Error('the server closed a connection')));
    socket.on('data', received).on('close', cut);
    next();
  });
}
