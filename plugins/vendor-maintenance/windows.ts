import {
  type Clock,
  collection,
  Problem,
  problems,
  put,
  remove,
  StateConflict,
  type StateProvider,
  type Stored,
  type StreamItem,
} from 'tutti/plugin';
import type { MaintenanceWindow } from './operations.ts';

/** By device: so no device can have two. */
const windows = collection<MaintenanceWindow>('maintenance-windows');

export interface OpenRequest {
  readonly device: string;
  /** Milliseconds. */
  readonly lasts: number;
  readonly reason: string;
  readonly by: string;
}

export interface WindowChange {
  readonly device: string;
  /** Absent when it was closed. */
  readonly window?: MaintenanceWindow;
}

/** Maintenance windows, kept in the state of the host. One that is over is as good as none. */
export class MaintenanceWindows {
  readonly #state: StateProvider;
  readonly #clock: Clock;

  constructor(state: StateProvider, clock: Clock) {
    this.#state = state;
    this.#clock = clock;
  }

  /** @throws Problem `conflict` when the device has one that is open */
  async open({ device, lasts, reason, by }: OpenRequest): Promise<MaintenanceWindow> {
    const present = await this.#state.get(windows, device);
    if (present && this.#isOpen(present)) throw open(device, present.value.ends);
    const now = this.#clock.now();
    const window = { device, reason, openedBy: by, opened: time(now), ends: time(now + lasts) };
    try {
      // Of two who open one at the same time, one finds another revision than the one that it looked at.
      await this.#state.commit([put(windows, device, window, present?.revision ?? 'absent')]);
    } catch (error) {
      if (error instanceof StateConflict) throw open(device);
      throw error;
    }
    return window;
  }

  /** @throws Problem `notFound` when the device has none that is open */
  async close(device: string): Promise<void> {
    const present = await this.#state.get(windows, device);
    if (!present || !this.#isOpen(present)) {
      throw new Problem(problems.notFound, `${device} has no maintenance window; see maintenance.list`);
    }
    await this.#state.commit([remove(windows, device)]);
  }

  async list(): Promise<MaintenanceWindow[]> {
    const found: MaintenanceWindow[] = [];
    for (let after: string | undefined; ; ) {
      const page = await this.#state.list(windows, after === undefined ? {} : { after });
      found.push(...page.items.filter((stored) => this.#isOpen(stored)).map(({ value }) => value));
      after = page.next;
      if (after === undefined) return found;
    }
  }

  /** Items are pulled: whoever reads slowly slows nobody down. */
  async *watch(signal: AbortSignal): AsyncGenerator<StreamItem<WindowChange>> {
    // Registered before the list is read, so that nothing falls between the two.
    const changes = this.#state.watch(windows, signal);
    for (const window of await this.list()) yield opened(window);
    for await (const change of changes) {
      yield change.kind === 'put' ? opened(change.value) : { event: 'closed', data: { device: change.key } };
    }
  }

  #isOpen({ value }: Stored<MaintenanceWindow>): boolean {
    return Date.parse(value.ends) > this.#clock.now();
  }
}

const time = (milliseconds: number): string => new Date(milliseconds).toISOString();

const opened = (window: MaintenanceWindow): StreamItem<WindowChange> => ({
  event: 'opened',
  data: { device: window.device, window },
});

function open(device: string, until?: string): Problem {
  const when = until === undefined ? '' : ` until ${until}`;
  return new Problem(problems.conflict, `${device} has a maintenance window${when}; close it first`);
}
