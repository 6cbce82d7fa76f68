import type { Clock } from '../plugin/clock.js';
import type { Health, Lifecycle } from '../plugin/lifecycle.js';
import type { LogFields, Logger } from '../plugin/logger.js';
import { backoff, unlessAborted } from '../work/index.js';
import type { Assignment, Made, Pulse } from './assignment.js';
import type { Isolate } from './channel.js';
import { plainError, wordsOf } from './errors.js';
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
  /** Milliseconds that a `call` of its port, or an operation until it answers, may take. */
  readonly deadline: number;
  /** Milliseconds that starting it again may take. */
  readonly startDeadline: number;
  /** Bytes that the process of a `process` may take as a whole. */
  readonly rssLimit: number | undefined;
}

const firstPause = 500;
const longestPause = 60_000;
/** Milliseconds in which a thread that was ended is gone, unless it is in native code. */
const grace = 5_000;
/** Milliseconds that an isolate must have lasted for its end to count as the first one. */
const steady = 60_000;

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
  /** One that was ended is still there: its thread is in native code. */
  #stuck = false;
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
    await unlessAborted(signal, this.#peer.call('entry', 'drain', [signal], { broken: plainError }));
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#stopped.abort(new Error('stopped'));
    await this.#restarting;
    // Who waited for it would wait for its native code.
    if (this.#stuck) throw new Error(this.#down);
    const isolate = this.#isolate;
    try {
      if (this.#peer && this.#made?.hooks.includes('stop')) {
        await unlessAborted(signal, this.#peer.call('entry', 'stop', [signal], { broken: plainError }));
      }
    } finally {
      isolate?.kill('it is stopped');
    }
    await unlessAborted(signal, isolate?.gone ?? Promise.resolve());
  }

  health(): Health {
    if (this.#peer || this.#stopped.signal.aborted) return this.#health;
    return { status: this.#stuck ? 'failed' : 'degraded', reason: this.#down };
  }

  /** Resolves when the entry has started in a new isolate. */
  async #launch(signal: AbortSignal): Promise<void> {
    const { log, expose, assignment, faults = [] } = this.parts;
    const rate = new LineRate(this.parts.clock, (left) => log.warn(leftOut(left)));
    const isolate = this.parts.launch((line) => {
      if (rate.take(line.length)) log.info(line, { output: true });
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
        const [text, rest] = [String(message), String(fields)];
        if (rate.take(text.length + rest.length)) log[level as keyof Logger](text, JSON.parse(rest) as LogFields);
      },
    });
    expose(peer);
    try {
      void this.#watch(peer, isolate, rate);
      const made = (await unlessAborted(
        signal,
        peer.call('isolate', 'make', [assignment()], { broken: plainError }),
      )) as Made;
      if (made.hooks.includes('start')) {
        await unlessAborted(signal, peer.call('entry', 'start', [signal], { broken: plainError, faults }));
      }
      if (peer.over !== undefined) throw new Error(peer.over);
      this.#made = made;
      this.onMade(made);
    } catch (error) {
      isolate.kill(wordsOf(error));
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
      isolate.kill(`it took ${Math.round(rss / 2 ** 20)} MiB of memory`);
    };
    try {
      isolate.kill(await silence({ ask, answered, clock, signal }));
    } catch (error) {
      // It has ended, or is being stopped: both are told elsewhere. Nobody may run unwatched, though.
      if (!signal.aborted) isolate.kill(`it cannot be asked how it is: ${wordsOf(error)}`);
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
        await this.#cleared(because, signal);
        await this.#launch(AbortSignal.any([signal, AbortSignal.timeout(startDeadline)]));
        log.info('the isolated entry runs again');
        return;
      } catch (error) {
        because = wordsOf(error);
      }
    }
  }

  /** Resolves when nothing of the last isolate runs any more: two of one entry could take each other's files and ports. */
  async #cleared(because: string, signal: AbortSignal): Promise<void> {
    const going = this.#isolate?.gone;
    if (!going || (await this.#soon(going, signal))) return;
    this.#stuck = true;
    this.#down = `${because}; its thread is in native code and cannot be ended, it is started again once that returns`;
    this.parts.log.error(`the isolated entry cannot be ended: ${this.#down}`);
    await unlessAborted(signal, going);
    this.#stuck = false;
  }

  async #soon(going: Promise<void>, signal: AbortSignal): Promise<boolean> {
    const over = new AbortController();
    const late = this.parts.clock.delay(grace, AbortSignal.any([signal, over.signal])).then(() => false);
    try {
      return await Promise.race([going.then(() => true), late]);
    } finally {
      late.catch(() => undefined);
      over.abort();
    }
  }
}
