import { randomUUID } from 'node:crypto';
import { Mirror } from '../../core/mirror/index.js';
import type { Clock, Logger } from '../../core/plugin/index.js';
import { collection, put, remove, StateConflict, type StateProvider } from '../../core/ports/index.js';
import type { Presence } from './presence.js';

/** Which host a device holds a line open to, by the device's id. One of a host that is gone counts for nothing. */
export const deviceLines = collection<{ readonly host: string }>('device-lines');

/** Hosts that are there, by an id of each run. Milliseconds since the epoch of their last sign of life, by their own clock. */
export const deviceHosts = collection<{ readonly at: number }>('device-hosts');

/** Milliseconds between the signs of life of a host. */
const beat = 10_000;
/** Milliseconds without one, after which a host is gone. */
const patience = 35_000;
/** Changes in one commit. */
const batch = 500;

export interface SharedPresenceParts {
  readonly state: StateProvider;
  readonly clock: Clock;
  readonly log: Logger;
  /** The lines that devices hold open to this host. */
  readonly here: Pick<Presence, 'has' | 'ids'>;
}

/**
 * Which devices hold a line open to another host on the same state. Each host writes its own lines down and gives signs of
 * life; of one that died nothing counts after a while, and at once where its devices have come to another.
 */
export class SharedPresence {
  readonly #parts: SharedPresenceParts;
  readonly #me = randomUUID();
  readonly #lines: Mirror<{ readonly host: string }, string>;
  /** When this host last heard of each host, by its own clock: those of others may be wrong. */
  readonly #hosts: Mirror<{ readonly at: number }, number>;
  readonly #changed = new Set<string>();
  readonly #stopping = new AbortController();
  #beating: Promise<void> = Promise.resolve();
  #writing: Promise<void> | undefined;
  #fault: string | undefined;

  constructor(parts: SharedPresenceParts) {
    this.#parts = parts;
    const { state, clock } = parts;
    this.#lines = new Mirror({ state, clock, collection: deviceLines, project: ({ value }) => value.host });
    this.#hosts = new Mirror({ state, clock, collection: deviceHosts, project: () => clock.now() });
  }

  /** Why others cannot be told at the moment. */
  get fault(): string | undefined {
    return this.#fault;
  }

  async start(): Promise<void> {
    await this.#lines.start();
    await this.#hosts.start();
    await this.#beat();
    this.#beating = this.#goOn();
  }

  /** What has changed is written soon, much of it together. */
  changed(id: string): void {
    if (this.#stopping.signal.aborted) return;
    this.#changed.add(id);
    this.#writing ??= Promise.resolve().then(() => this.#write());
  }

  has(id: string): boolean {
    return this.#lines.get(id) !== this.#me && this.#isKnown(id);
  }

  /** Takes this host away, and with it all its lines. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    await this.#beating;
    await this.#writing;
    await this.#commit([remove(deviceHosts, this.#me)]);
  }

  async stop(): Promise<void> {
    await this.close();
    await this.#lines.stop();
    await this.#hosts.stop();
  }

  /** Whether a host that is there has a line of the device, this one included. */
  #isKnown(id: string): boolean {
    const host = this.#lines.get(id);
    return host !== undefined && this.#isThere(host);
  }

  #isThere(host: string): boolean {
    const heard = this.#hosts.get(host);
    return heard !== undefined && this.#parts.clock.now() - heard < patience;
  }

  async #goOn(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#parts.clock.delay(beat, signal);
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      await this.#beat();
      // What a failover of the store has lost is written again, unless another host has the device since.
      for (const id of this.#parts.here.ids()) if (!this.#isKnown(id)) this.#changed.add(id);
      if (this.#changed.size > 0) this.#writing ??= this.#write();
    }
  }

  async #beat(): Promise<void> {
    const gone = [...this.#hosts.values()].flatMap(([host]) =>
      host === this.#me || this.#isThere(host) ? [] : [host],
    );
    await this.#commit([
      put(deviceHosts, this.#me, { at: this.#parts.clock.now() }),
      ...gone.map((host) => remove(deviceHosts, host)),
    ]);
  }

  async #write(): Promise<void> {
    while (this.#changed.size > 0) {
      const ids = [...this.#changed].slice(0, batch);
      for (const id of ids) this.#changed.delete(id);
      const came = ids.filter((id) => this.#parts.here.has(id));
      const left = ids.filter((id) => !this.#parts.here.has(id));
      const written = await this.#commit(came.map((id) => put(deviceLines, id, { host: this.#me })));
      const undone = written ? [] : [...came];
      for (const id of left) if (!written || !(await this.#leave(id))) undone.push(id);
      if (undone.length === 0) continue;
      // With the next sign of life.
      for (const id of undone) this.#changed.add(id);
      break;
    }
    this.#writing = undefined;
  }

  /** Unless the device has come to another host meanwhile. */
  async #leave(id: string): Promise<boolean> {
    const { state } = this.#parts;
    try {
      const line = await state.get(deviceLines, id);
      if (line?.value.host === this.#me) await state.commit([remove(deviceLines, id, line.revision)]);
      return true;
    } catch (error) {
      // Written anew meanwhile: by the host that the device is at now.
      if (error instanceof StateConflict) return true;
      this.#note(error);
      return false;
    }
  }

  async #commit(changes: Parameters<StateProvider['commit']>[0]): Promise<boolean> {
    try {
      if (changes.length > 0) await this.#parts.state.commit(changes);
      this.#fault = undefined;
      return true;
    } catch (error) {
      this.#note(error);
      return false;
    }
  }

  #note(error: unknown): void {
    if (this.#fault === undefined) this.#parts.log.warn('cannot write which devices are connected', { error });
    this.#fault = `cannot write which devices are connected: ${String(error)}`;
  }
}
