import { EventEmitter, once } from 'node:events';
import type { ComponentPhase } from '../../../core/ports/index.js';
import { type Attendant, attend } from './attendance.js';
import { type ComponentFile, parseComponentFile, readComponentFile } from './component-file.js';
import { countdown, linked } from './deadline.js';
import { beginInstance, type ComponentParts, findInstance, type Running } from './instance.js';
import { describeExit, type Exit } from './launch.js';
import type { ComponentRecord } from './store.js';
import { terminate } from './termination.js';

type State =
  /** Nothing runs, nothing will. */
  | { readonly kind: 'idle'; readonly phase: 'stopped' | 'failed'; readonly reason: string }
  | { readonly kind: 'starting' }
  | { readonly kind: 'alive'; readonly running: Running; readonly ill?: string; readonly settled?: boolean }
  /** It ended and is started again in a while. */
  | { readonly kind: 'waiting'; readonly reason: string; readonly launchable: boolean };

export interface Status {
  readonly phase: Exclude<ComponentPhase, 'absent'>;
  readonly reason?: string;
}

/** What applies to a component whose file cannot be read. */
const usual: ComponentFile = parseComponentFile('command: ["false"]');

/** Keeps one component's process running, and knows how it is. Its methods are called one at a time. */
export class Supervisor {
  #record: ComponentRecord;
  #state: State = { kind: 'idle', phase: 'stopped', reason: 'not started' };
  #loop: { readonly end: AbortController; readonly done: Promise<void> } | undefined;
  /** Starts in a row that did not last. */
  #failures = 0;
  readonly #changes = new EventEmitter();

  constructor(
    private readonly parts: ComponentParts,
    record: ComponentRecord,
    private readonly heard: { readonly changed: () => void; readonly ready: () => void },
  ) {
    this.#record = record;
  }

  get record(): ComponentRecord {
    return this.#record;
  }

  /** Whether the system could not even start the command. */
  get cannotLaunch(): boolean {
    return this.#state.kind === 'waiting' && !this.#state.launchable;
  }

  get isStarting(): boolean {
    return this.#state.kind === 'starting';
  }

  /** Whether its process runs, in health or not. */
  get isAlive(): boolean {
    return this.#state.kind === 'alive' && this.parts.table.isAlive(this.#state.running.process);
  }

  /** Whether nothing runs and nothing will without a new start. */
  get isIdle(): boolean {
    return this.#state.kind === 'idle';
  }

  /** How it is now: whether the process lives is looked up, not remembered. */
  status(): Status {
    const state = this.#state;
    switch (state.kind) {
      case 'idle':
        return { phase: state.phase, reason: state.reason };
      case 'starting':
        return { phase: 'installing', reason: 'starting' };
      case 'waiting':
        return { phase: 'failed', reason: state.reason };
      case 'alive':
        if (!this.parts.table.isAlive(state.running.process)) return { phase: 'failed', reason: 'its process ended' };
        if (state.ill !== undefined && state.settled) return { phase: 'failed', reason: `unhealthy: ${state.ill}` };
        if (this.#record.instance?.ready) return { phase: 'running' };
        return {
          phase: 'installing',
          reason: state.ill === undefined ? 'not healthy yet' : `not healthy yet: ${state.ill}`,
        };
    }
  }

  /** Resolves when `test` holds; asked again on every change. */
  async until(test: () => boolean, signal: AbortSignal): Promise<void> {
    while (!test()) await once(this.#changes, 'change', { signal });
  }

  /** Goes on after the agent was away: takes over a process that still runs, starts one where none does. */
  async resume(): Promise<void> {
    const { intent, failure, instance } = this.#record;
    if (intent !== 'run') {
      await this.#terminate();
      const phase = intent === 'stop' ? 'failed' : 'stopped';
      return this.#enter({ kind: 'idle', phase, reason: failure ?? 'its removal has begun' });
    }
    const running = await findInstance(this.parts, this.#record, (record) => this.#save(record));
    if (running) return this.#begin(running);
    await this.#terminate(0);
    const ended = instance?.process !== undefined && instance.boot === this.parts.boot;
    if (ended && (await this.#file()).restart.policy === 'never') {
      return this.#enter({ kind: 'idle', phase: 'failed', reason: describeExit({}) });
    }
    this.#begin(undefined);
  }

  /** Starts it, by a record that says what. Nothing of it may run. */
  async start(record: ComponentRecord): Promise<void> {
    this.parts.lifetime.throwIfAborted();
    if (record.current.applied !== this.#record.current.applied) this.#failures = 0;
    await this.#save(record);
    this.#begin(undefined);
  }

  /** Ends it with everything that it started. */
  async stop(): Promise<void> {
    await this.release();
    await this.#terminate();
    this.#enter({ kind: 'idle', phase: 'stopped', reason: 'stopped' });
  }

  /** Ends it for a reason, which the record keeps: it is not started again by itself. */
  async fail(failure: string): Promise<void> {
    await this.release();
    await this.#save({ ...this.#record, intent: 'stop', failure });
    await this.#terminate();
    this.#enter({ kind: 'idle', phase: 'failed', reason: failure });
  }

  /** Ends it for good: the record says first that a removal has begun. */
  async retire(): Promise<void> {
    await this.release();
    await this.#save({ ...this.#record, intent: 'remove' });
    await this.#terminate();
    this.#enter({ kind: 'idle', phase: 'stopped', reason: 'its removal has begun' });
  }

  /** Stops watching; the process goes on. */
  async release(): Promise<void> {
    this.#loop?.end.abort();
    await this.#loop?.done;
    this.#loop = undefined;
  }

  #begin(running: Running | undefined): void {
    const end = new AbortController();
    this.#enter(running ? { kind: 'alive', running } : { kind: 'starting' });
    const done = this.#supervise(running, end.signal).catch((error: unknown) => {
      if (end.signal.aborted || this.parts.lifetime.aborted) return;
      this.parts.log.error('the supervision of a component ended', { component: this.#record.component, error });
      this.#enter({ kind: 'idle', phase: 'failed', reason: `it cannot be supervised: ${text(error)}` });
    });
    this.#loop = { end, done };
  }

  async #supervise(adopted: Running | undefined, signal: AbortSignal): Promise<void> {
    let running = adopted;
    for (;;) {
      const { restart } = running?.workload.file ?? (await this.#file());
      let reason: string;
      let launchable = true;
      let hasLasted = (): boolean => false;
      try {
        const present = running ?? (await beginInstance(this.parts, this.#record, (record) => this.#save(record)));
        running = present;
        this.#enter({ kind: 'alive', running });
        const exit = await linked([signal], (attended) => {
          hasLasted = countdown(this.parts.clock, restart.backoff.reset - present.age, attended);
          return attend(present, this.parts, this.#attendant(present), attended);
        });
        reason = describeExit(exit);
        if (!restarts(restart.policy, exit)) {
          await this.#terminate(0);
          return this.#enter({ kind: 'idle', phase: exit.code === 0 ? 'stopped' : 'failed', reason });
        }
      } catch (error) {
        signal.throwIfAborted();
        this.parts.lifetime.throwIfAborted();
        launchable = running !== undefined;
        reason = text(error);
      }
      // Children that outlive it would keep its ports, and there shall never be two of it.
      await this.#terminate(0);
      running = undefined;
      this.#failures = hasLasted() ? 1 : this.#failures + 1;
      const wait = Math.min(restart.backoff.max, restart.backoff.start * 2 ** (this.#failures - 1));
      this.#enter({ kind: 'waiting', reason: `${reason}; starts again after ${wait / 1000} s`, launchable });
      await this.parts.clock.delay(wait, signal);
      this.#enter({ kind: 'starting' });
    }
  }

  #attendant(running: Running): Attendant {
    return {
      healthy: async () => {
        if (!this.#record.instance?.ready && !(await this.#commit())) return;
        if (this.#state.kind === 'alive' && this.#state.ill === undefined) return;
        this.#enter({ kind: 'alive', running });
      },
      unhealthy: (ill, settled) => this.#enter({ kind: 'alive', running, ill, settled }),
    };
  }

  /** The first time that a start is healthy: what was before it is not needed any more. */
  async #commit(): Promise<boolean> {
    const { previous: _, instance, ...rest } = this.#record;
    try {
      await this.#save({ ...rest, ...(instance && { instance: { ...instance, ready: true } }) });
    } catch (error) {
      // A full disk is no reason to end what works; the next check tries again.
      this.parts.log.warn('a component runs, but that cannot be recorded', { component: rest.component, error });
      return false;
    }
    this.#announce();
    this.heard.ready();
    return true;
  }

  async #terminate(grace?: number): Promise<void> {
    const { instance } = this.#record;
    const known = instance?.boot === this.parts.boot ? instance.process : undefined;
    const { stop } = await this.#file();
    const { table, clock, lifetime, owner } = this.parts;
    const how = { prefix: `${owner}.`, leader: known, stop: { ...stop, grace: grace ?? stop.grace } };
    await terminate(how, table, clock, lifetime);
  }

  async #file(): Promise<ComponentFile> {
    try {
      return await readComponentFile(this.parts.files.artifact(this.#record.current.artifact));
    } catch (error) {
      this.parts.log.warn('a component file cannot be read; the usual rules apply', {
        component: this.#record.component,
        error,
      });
      return usual;
    }
  }

  async #save(record: ComponentRecord): Promise<void> {
    await this.parts.files.write(record);
    this.#record = record;
  }

  #enter(state: State): void {
    this.#state = state;
    this.#announce();
  }

  #announce(): void {
    this.#changes.emit('change');
    this.heard.changed();
  }
}

function restarts(policy: ComponentFile['restart']['policy'], exit: Exit): boolean {
  return policy === 'always' || (policy === 'on-failure' && exit.code !== 0);
}

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));
