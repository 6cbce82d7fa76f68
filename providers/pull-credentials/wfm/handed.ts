import { EventEmitter, on } from 'node:events';
import type { Clock, Health, Lifecycle, Logger } from '../../../core/plugin/index.js';
import {
  type FleetManager,
  FleetManagerFault,
  type PullCredential,
  type PullCredentials,
} from '../../../core/ports/index.js';
import { backoff, KeyedQueue, unlessAborted, type WorkResult } from '../../../core/work/index.js';
import { goodOf, type Held, renewalOf } from './held.js';
import { Refusals } from './refusals.js';
import { Writing } from './writing.js';

export interface HandedParts {
  readonly fleet: FleetManager;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where they outlive this process; absent: nowhere. */
  readonly file?: { read(): Promise<Held | undefined>; write(held: Held): Promise<void> };
}

/** Milliseconds before a fleet manager that gives nothing is asked again: the first, and the longest. */
const firstWait = 1_000;
const longestWait = 300_000;
/** Before one is asked again that hands nothing out. */
const nothingWait = 3_600_000;
/** Ends everything that tells of handovers. */
const ended = 'ended';
/** No timer of Node's runs longer than 24 days. */
const longestTimer = 86_400_000;

/** What the fleet manager hands to this device: asked for at first, and anew when half of its life is over. */
export class HandedCredentials implements PullCredentials, Lifecycle {
  readonly #queue: KeyedQueue;
  readonly #writing: Writing;
  readonly #refusals = new Refusals();
  #held: Held | undefined;
  #asking: Promise<void> | undefined;
  #failures = 0;
  /** Not asked before. */
  #notBefore = 0;
  #fault: string | undefined;
  readonly #stopped = new AbortController();
  readonly #handovers = new EventEmitter().setMaxListeners(0);

  constructor(private readonly parts: HandedParts) {
    this.#queue = new KeyedQueue({ clock: parts.clock, parallel: 1, work: () => this.#work() });
    this.#writing = new Writing(parts);
  }

  async start(): Promise<void> {
    this.#held = await this.parts.file?.read();
    this.#queue.add('renewal');
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error('the credentials of the fleet manager are asked for no more'));
    this.#handovers.emit(ended);
    await this.#queue.stop();
    await this.#asking;
    await this.#writing.again();
  }

  health(): Health {
    if (this.#fault !== undefined) {
      const left = this.#good().length > 0 ? 'those at hand are used' : 'registries are asked without any';
      return { status: 'degraded', reason: `no new pull credentials: ${this.#fault}; ${left}` };
    }
    if (this.#writing.fault === undefined) return { status: 'ok' };
    const meanwhile = 'they are used, but a restart would go back to older ones';
    return {
      status: 'degraded',
      reason: `the new pull credentials cannot be written: ${this.#writing.fault}; ${meanwhile}`,
    };
  }

  async current(signal: AbortSignal = new AbortController().signal): Promise<readonly PullCredential[]> {
    signal.throwIfAborted();
    if (this.#good().length === 0) await unlessAborted(signal, this.#renewed());
    return this.#good();
  }

  changes(signal: AbortSignal): AsyncIterable<readonly string[]> {
    const over = signal.aborted || this.#stopped.signal.aborted;
    return told(over ? undefined : on(this.#handovers, 'handover', { signal, close: [ended] }), signal);
  }

  async refused({ registry, username }: Pick<PullCredential, 'registry' | 'username'>): Promise<void> {
    const { clock, log } = this.parts;
    const held = this.#held;
    const isHeld = held?.credentials.some((one) => one.registry === registry && one.username === username);
    if (!held || !isHeld || clock.now() < this.#refusals.note(registry, username, held)) return;
    log.warn('a registry did not take the credentials of the fleet manager; asking for new ones', {
      registry,
      username,
    });
    await this.#renewed();
  }

  async #work(): Promise<WorkResult> {
    const { clock } = this.parts;
    if (this.#due() <= clock.now()) await this.#renewed();
    if (this.#writing.due <= clock.now()) await this.#writing.again();
    if (this.#stopped.signal.aborted) return undefined;
    const next = Math.min(Math.max(this.#due(), this.#notBefore), this.#writing.due);
    return { again: Math.min(longestTimer, Math.max(firstWait, next - clock.now())) };
  }

  /** When new ones are wanted. */
  #due(): number {
    return this.#held ? (renewalOf(this.#held) ?? Number.POSITIVE_INFINITY) : 0;
  }

  #good(): readonly PullCredential[] {
    return goodOf(this.#held, this.parts.clock.now());
  }

  /** Resolves when the fleet manager was asked, by whoever was first, or is not to be asked yet. */
  async #renewed(): Promise<void> {
    if (!this.#asking && (this.parts.clock.now() < this.#notBefore || this.#stopped.signal.aborted)) return;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    await this.#asking;
  }

  async #ask(): Promise<void> {
    const { fleet, clock } = this.parts;
    const { signal } = this.#stopped;
    try {
      const clientId = await fleet.enroll(signal);
      const credentials = await asked(fleet, clientId, signal);
      await this.#take({ at: clock.now(), credentials });
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    }
  }

  async #take(held: Held): Promise<void> {
    if (this.#held) this.#refusals.replaced(this.#held);
    this.#held = held;
    this.#failures = 0;
    this.#fault = undefined;
    if (held.credentials.length === 0) this.#notBefore = held.at + nothingWait;
    const registries = held.credentials.map(({ registry }) => registry);
    this.parts.log.info('the fleet manager handed out pull credentials', { registries });
    await this.#writing.write(held);
    if (this.#writing.fault !== undefined) this.#queue.add('renewal');
    // Whether or not they outlive us: those before count no more. Not earlier, for a restart goes back to the file.
    this.#handovers.emit('handover', registries);
  }

  #failed(error: unknown): void {
    const { clock, log } = this.parts;
    this.#failures++;
    const why = error instanceof Error ? error.message : String(error);
    const wait = waitAfter(error, this.#failures);
    this.#notBefore = clock.now() + wait;
    this.#fault = why;
    log.warn('no new pull credentials from the fleet manager; asked again', { again: wait, why });
  }
}

async function* told(
  handovers: AsyncIterable<unknown[]> | undefined,
  signal: AbortSignal,
): AsyncGenerator<readonly string[]> {
  try {
    for await (const [registries] of handovers ?? []) yield registries as readonly string[];
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function asked(fleet: FleetManager, clientId: string, signal: AbortSignal): Promise<readonly PullCredential[]> {
  if (fleet.pullCredentials) return fleet.pullCredentials(clientId, signal);
  throw new FleetManagerFault('unsupported', 'the line to the fleet manager knows no pull credentials');
}

/** Milliseconds. */
function waitAfter(error: unknown, failures: number): number {
  if (!(error instanceof FleetManagerFault)) return backoff(failures, firstWait, longestWait);
  if (error.reason === 'unsupported') return nothingWait;
  return error.retryAfter ?? backoff(failures, firstWait, longestWait);
}
