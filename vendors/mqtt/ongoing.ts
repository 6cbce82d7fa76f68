import type { Clock } from '../../core/plugin/index.js';

/** A call that is being answered. */
export interface OngoingCall {
  readonly stream: boolean;
  /** Ends it. */
  end(): void;
  /** Its caller takes so many more items. */
  more(credit: number): void;
}

interface Session {
  readonly calls: Map<string, OngoingCall>;
  /** Milliseconds since the epoch of the last sign of life. */
  seen: number;
}

export interface OngoingOptions {
  readonly clock: Clock;
  /** Milliseconds without a sign of life after which a caller's streams end. */
  readonly idle: number;
}

/** Calls under way, by their callers' sessions: who is gone, or silent for long, has its calls ended. */
export class OngoingCalls {
  readonly #sessions = new Map<string, Session>();
  readonly #over = new AbortController();
  #watching = false;
  #streams = 0;
  #calls = 0;

  constructor(private readonly options: OngoingOptions) {}

  get streams(): number {
    return this.#streams;
  }

  get calls(): number {
    return this.#calls;
  }

  /**
   * @param id unique within the session, while it goes on
   * @throws Error when a call goes on under it: the other one could never be ended
   */
  add(session: string, id: string, call: OngoingCall): void {
    if (this.get(session, id)) throw new Error(`a call is under way as ${session} ${id} already`);
    const known = this.#sessions.get(session) ?? { calls: new Map<string, OngoingCall>(), seen: 0 };
    known.seen = this.options.clock.now();
    known.calls.set(id, call);
    this.#sessions.set(session, known);
    if (call.stream) {
      this.#streams += 1;
      void this.#watch();
    } else this.#calls += 1;
  }

  delete(session: string, id: string): void {
    const known = this.#sessions.get(session);
    const call = known?.calls.get(id);
    if (!known || !call) return;
    known.calls.delete(id);
    if (call.stream) this.#streams -= 1;
    else this.#calls -= 1;
    if (known.calls.size === 0) this.#sessions.delete(session);
  }

  get(session: string, id: string): OngoingCall | undefined {
    return this.#sessions.get(session)?.calls.get(id);
  }

  /** A sign of life. */
  seen(session: string): void {
    const known = this.#sessions.get(session);
    if (known) known.seen = this.options.clock.now();
  }

  /** Ends all calls of a session. */
  gone(session: string): void {
    for (const call of [...(this.#sessions.get(session)?.calls.values() ?? [])]) call.end();
  }

  endStreams(): void {
    for (const call of this.#all()) if (call.stream) call.end();
  }

  end(): void {
    this.#over.abort();
    for (const call of this.#all()) call.end();
  }

  #all(): OngoingCall[] {
    return [...this.#sessions.values()].flatMap(({ calls }) => [...calls.values()]);
  }

  async #watch(): Promise<void> {
    if (this.#watching) return;
    this.#watching = true;
    const { clock, idle } = this.options;
    try {
      while (this.#streams > 0) {
        await clock.delay(idle / 4, this.#over.signal);
        for (const { seen, calls } of [...this.#sessions.values()]) {
          if (clock.now() - seen < idle) continue;
          for (const call of [...calls.values()]) if (call.stream) call.end();
        }
      }
    } catch (error) {
      if (!this.#over.signal.aborted) throw error;
    } finally {
      this.#watching = false;
    }
  }
}
