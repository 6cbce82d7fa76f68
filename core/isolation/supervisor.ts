import type { Clock } from '../plugin/clock.js';
import type { Health, Lifecycle } from '../plugin/lifecycle.js';
import type { LogFields, Logger } from '../plugin/logger.js';
import { backoff, unlessAborted } from '../work/index.js';
import type { Assignment, Made, Pulse } from './assignment.js';
import type { Isolate } from './channel.js';
import { LineRate, leftOut } from './flood.js';
import { silence } from './heartbeat.js';
import { type CallOptions, Peer } from './peer.js';
import type { Line } from './remote.js';

export interface SupervisorParts {
  readonly launch: (wrote: (line: string) => void) => Isolate;
  readonly assignment: () => Assignment;
  /** Makes callable what the entry uses of the host. */
  readonly expose: (peer: Peer) => void;
  readonly faults: CallOptions['faults'];
  readonly clock: Clock;
  readonly log: Logger;
  /** Milliseconds that a call may take. */
  readonly deadline: number;
  /** Milliseconds that starting it again may take. */
  readonly startDeadline: number;
  /** Bytes that the process of a `process` may take as a whole. */
  readonly rssLimit: number | undefined;
}

const firstPause = 500;
const longestPause = 60_000;
/** Milliseconds that an isolate must have lasted for its end to count as the first one. */
const steady = 60_000;

const plain = (message: string): Error => new Error(message);

/**
 * Runs one entry in an isolate, and another isolate when that one ends. Whoever uses the entry keeps the same object;
 * its calls fail while there is nobody to answer them.
 */
export class Supervisor implements Lifecycle, Line {
  readonly #stopped = new AbortController();
  readonly #users = new Set<(peer: Peer) => void>();
  #peer: Peer | undefined;
  #isolate: Isolate | undefined;
  #made: Made | undefined;
  #health: Health = { status: 'ok' };
  #down = 'it has not been started';
  #ends = 0;
  #restarting: Promise<void> | undefined;
  /** Told what the instance has, each time that it is made. */
  onMade: (made: Made) => void = () => undefined;

  constructor(private readonly parts: SupervisorParts) {}

  get deadline(): number {
    return this.parts.deadline;
  }

  readonly astray = (error: unknown): void => {
    this.parts.log.warn('the isolated entry could not be subscribed to', { error });
  };

  peer(): Peer | string {
    return this.#peer ?? this.#down;
  }

  eachPeer(use: (peer: Peer) => void): () => void {
    this.#users.add(use);
    if (this.#peer) use(this.#peer);
    return () => this.#users.delete(use);
  }

  constant(member: string): unknown {
    return this.#made?.constants[member];
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#launch(signal);
  }

  async drain(signal: AbortSignal): Promise<void> {
    // Its stop is next: what ends from here on need not come again.
    this.#stopped.abort(new Error('it is drained'));
    if (!this.#peer || !this.#made?.hooks.includes('drain')) return;
    await unlessAborted(signal, this.#peer.call('entry', 'drain', [signal], { broken: plain }));
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#stopped.abort(new Error('stopped'));
    await this.#restarting;
    const isolate = this.#isolate;
    try {
      if (this.#peer && this.#made?.hooks.includes('stop')) {
        await unlessAborted(signal, this.#peer.call('entry', 'stop', [signal], { broken: plain }));
      }
    } finally {
      await isolate?.kill('it is stopped');
    }
  }

  health(): Health {
    return this.#peer || this.#stopped.signal.aborted ? this.#health : { status: 'degraded', reason: this.#down };
  }

  /** Resolves when the entry has started in a new isolate. */
  async #launch(signal: AbortSignal): Promise<void> {
    const { log, expose, assignment, faults = [] } = this.parts;
    const rate = new LineRate(this.parts.clock, (left) => log.warn(leftOut(left)));
    const isolate = this.parts.launch((line) => {
      if (rate.take()) log.info(line, { output: true });
    });
    this.#isolate = isolate;
    const since = this.parts.clock.now();
    const peer = new Peer(isolate, {
      faults,
      astray: (error) => log.warn('what the isolated entry used of the host did not end well', { error }),
      ended: (reason) => {
        rate.settle();
        this.#ended(isolate, reason, since);
      },
    });
    peer.expose('log', {
      write: (level, message, fields) => {
        if (rate.take()) log[level as keyof Logger](String(message), fields as LogFields);
      },
    });
    expose(peer);
    try {
      void this.#watch(peer, isolate, rate);
      const made = (await unlessAborted(
        signal,
        peer.call('isolate', 'make', [assignment()], { broken: plain }),
      )) as Made;
      if (made.hooks.includes('start')) {
        await unlessAborted(signal, peer.call('entry', 'start', [signal], { broken: plain, faults }));
      }
      if (peer.over !== undefined) throw new Error(peer.over);
      this.#made = made;
      this.onMade(made);
    } catch (error) {
      await isolate.kill(error instanceof Error ? error.message : String(error));
      throw error;
    }
    this.#peer = peer;
    for (const use of this.#users) use(peer);
  }

  /** Ends it when it does not answer, or takes too much. */
  async #watch(peer: Peer, isolate: Isolate, rate: LineRate): Promise<void> {
    const { clock, rssLimit } = this.parts;
    const { signal } = this.#stopped;
    const gone = (): Error => new Error('gone');
    const ask = async (): Promise<Pulse> => (await peer.call('isolate', 'pulse', [], { broken: gone })) as Pulse;
    const answered = ({ health, rss, left }: Pulse): void => {
      this.#health = health;
      rate.leave(left);
      rate.beat();
      if (rssLimit === undefined || rss <= rssLimit) return;
      void isolate.kill(`it took ${Math.round(rss / 2 ** 20)} MiB of memory`);
    };
    try {
      await isolate.kill(await silence({ ask, answered, clock, signal }));
    } catch {
      // It has ended, or is being stopped; both are told elsewhere.
    }
  }

  #ended(isolate: Isolate, reason: string, since: number): void {
    // What fails to start is told by its start, and what is stopped was meant to end.
    const started = this.#peer !== undefined && this.#isolate === isolate;
    this.#peer = undefined;
    if (!started || this.#stopped.signal.aborted) return;
    this.#restarting = this.#restart(reason, since);
  }

  async #restart(reason: string, since: number): Promise<void> {
    const { clock, log, startDeadline } = this.parts;
    const { signal } = this.#stopped;
    let because = reason;
    if (clock.now() - since >= steady) this.#ends = 0;
    while (!signal.aborted) {
      this.#ends += 1;
      const pause = backoff(this.#ends, firstPause, longestPause);
      this.#down = `${because}; started again in ${(pause / 1000).toFixed(1)} s (time ${this.#ends})`;
      log.warn(`the isolated entry ended: ${this.#down}`);
      try {
        await clock.delay(pause, signal);
        await this.#launch(AbortSignal.any([signal, AbortSignal.timeout(startDeadline)]));
        log.info('the isolated entry runs again');
        return;
      } catch (error) {
        because = error instanceof Error ? error.message : String(error);
      }
    }
  }
}
