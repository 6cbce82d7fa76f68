import type { RedisPart, Start } from '../parts/index.js';
import { TcpProxy } from './tcp-proxy.js';

interface Following {
  readonly part: RedisPart;
  readonly way: TcpProxy;
}

/** What a killed process has written its machine keeps: it is the machine that syncing is for, and that costs time. */
const settings = ['appendfsync no'];

/** A Redis with one that follows it, at an address that moves to the other when the first is gone. */
export class RedisPair {
  readonly #gone: { stop(): Promise<void> }[] = [];
  #follower: Following | undefined;

  private constructor(
    private readonly start: Start<'redis'>,
    private master: RedisPart,
    /** The way to it. */
    readonly front: TcpProxy,
  ) {}

  static async make(start: Start<'redis'>): Promise<RedisPair> {
    const master = await start({ settings });
    const pair = new RedisPair(start, master, await new TcpProxy([master.port]).start());
    await pair.#haveFollowed();
    return pair;
  }

  /** The way from the first to the one that follows. */
  get between(): TcpProxy {
    return this.#following.way;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.front.port}`;
  }

  get passwordFile(): string {
    return this.master.passwordFile;
  }

  /** kill -9, and up again with what is on its disk. */
  async restart(): Promise<void> {
    await this.master.kill();
    await this.master.restart();
  }

  /** The machine of the first is gone: the one that follows takes over, with what it has got, and is followed itself. */
  async failOver(): Promise<void> {
    await this.master.kill();
    this.#gone.push(this.master, this.between);
    this.master = this.#following.part;
    await this.master.cli('replicaof', 'no', 'one');
    await this.#haveFollowed();
    this.front.lead(this.master.port);
  }

  async stop(): Promise<void> {
    for (const part of [this.front, this.between, this.#following.part, this.master, ...this.#gone]) await part.stop();
  }

  get #following(): Following {
    if (!this.#follower) throw new Error('nobody follows yet');
    return this.#follower;
  }

  async #haveFollowed(): Promise<void> {
    const way = await new TcpProxy([this.master.port]).start();
    const part = await this.start({ settings, replicaOf: { ...this.master, port: way.port } });
    this.#follower = { part, way };
  }
}
