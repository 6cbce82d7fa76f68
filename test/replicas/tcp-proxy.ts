import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * A load balancer as simple as can be: each connection goes to the next port that takes it, and knows nothing of those
 * before. Also a cable that can be pulled.
 */
export class TcpProxy {
  readonly #server = createServer({ pauseOnConnect: true }, (socket) => this.#accept(socket));
  readonly #pairs = new Set<Socket>();
  #next = 0;
  #how: 'passing' | 'refusing' | 'silent' = 'passing';

  constructor(private ports: readonly number[]) {}

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  /** Ends all connections, and those to come at once, as a router does that has no way. */
  cut(): void {
    this.#how = 'refusing';
    for (const socket of this.#pairs) socket.resetAndDestroy();
  }

  /**
   * Passes nothing on, and tells nobody: connections that are open, and those that are opened now, are dead for ever,
   * and only who waits for an answer in vain can find that out.
   */
  hang(): void {
    this.#how = 'silent';
    for (const socket of this.#pairs) silence(socket);
  }

  /** Leads to others from now on, as an address does that moves to another machine. */
  lead(...ports: readonly number[]): void {
    this.ports = ports;
    for (const socket of this.#pairs) socket.resetAndDestroy();
  }

  mend(): void {
    this.#how = 'passing';
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(socket: Socket): void {
    this.#keep(socket);
    if (this.#how === 'refusing') socket.resetAndDestroy();
    if (this.#how === 'passing') this.#connect(socket, this.ports.length);
  }

  #connect(socket: Socket, tries: number): void {
    const port = this.ports[this.#next++ % this.ports.length];
    if (tries === 0 || port === undefined) {
      socket.destroy();
      return;
    }
    const other = connect(port, '127.0.0.1');
    const failed = (): void => this.#connect(socket, tries - 1);
    other.once('error', failed);
    other.once('connect', () => {
      other.off('error', failed);
      this.#keep(other);
      if (this.#how === 'silent') return;
      socket.pipe(other).pipe(socket);
      socket.once('close', () => other.destroy());
      other.once('close', () => socket.destroy());
    });
  }

  #keep(socket: Socket): void {
    this.#pairs.add(socket);
    // Whoever is killed resets its connections.
    socket.on('error', () => undefined);
    socket.once('close', () => this.#pairs.delete(socket));
  }
}

function silence(socket: Socket): void {
  socket.unpipe();
  socket.pause();
  // Its other half must not learn of its end.
  socket.removeAllListeners('close');
}
