import { Mirror } from '../../core/mirror/index.js';
import type { Clock, Health } from '../../core/plugin/index.js';
import { collection, type StateProvider } from '../../core/ports/index.js';

/** A deployment that is being removed and of which its device has said nothing yet. */
export interface Leaving {
  readonly clientId: string;
  /** The first version of the device's manifest that leaves it out. */
  readonly version: number;
}

/** By the deployment's id. */
export const leaving = collection<Leaving>('instances-leaving');

/**
 * Deployments that end when their device shows that it has a manifest without them: a device that was given none of a
 * deployment's life, or nothing but the beginning, has nothing to report of its end. In memory, for every poll asks.
 */
export class Unheard {
  readonly #mirror: Mirror<Leaving, Leaving>;
  /** By client. */
  readonly #ids = new Map<string, Set<string>>();

  constructor(parts: { readonly state: StateProvider; readonly clock: Clock }) {
    this.#mirror = new Mirror({
      ...parts,
      collection: leaving,
      project: ({ value }) => value,
      changed: (id, now, before) => {
        if (before) this.#drop(before.clientId, id);
        if (now) this.#ids.set(now.clientId, (this.#ids.get(now.clientId) ?? new Set()).add(id));
      },
    });
  }

  start(): Promise<void> {
    return this.#mirror.start();
  }

  stop(): Promise<void> {
    return this.#mirror.stop();
  }

  health(): Health {
    return this.#mirror.health();
  }

  /** Ids of what a client cannot have any more that has a manifest of this version. */
  without(clientId: string, version: number): readonly string[] {
    const ids = this.#ids.get(clientId);
    return ids ? [...ids].filter((id) => (this.#mirror.get(id)?.version ?? Number.POSITIVE_INFINITY) <= version) : [];
  }

  #drop(clientId: string, id: string): void {
    const ids = this.#ids.get(clientId);
    ids?.delete(id);
    if (ids?.size === 0) this.#ids.delete(clientId);
  }
}
