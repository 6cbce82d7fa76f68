import { type Collection, collection, put, remove, type StateProvider, type Stored } from 'tutti/plugin';

/** An event that waits to be delivered, as it will be sent. */
export interface Waiting {
  /** The event's own, the same however often it is published or sent. */
  readonly id: string;
  /** Milliseconds since the epoch: when it was taken. */
  readonly taken: number;
  readonly body: string;
}

/**
 * Events in the order they came, kept in the state of the host: one that is in here survives what the state survives.
 * For one user: the entry of the profile whose name it has.
 */
export class Outbox {
  readonly #state: StateProvider;
  readonly #waiting: Collection<Waiting>;
  /** One after the other: each event gets the next number. */
  #adding: Promise<unknown> = Promise.resolve();
  #next: Promise<number> | undefined;

  constructor(state: StateProvider, entry: string) {
    this.#state = state;
    this.#waiting = collection<Waiting>(`webhook-outbox-${entry}`, { id: ({ id }) => [id] });
  }

  /** Resolves when the event is kept; one that is there already is left as it is. */
  add(event: Waiting): Promise<void> {
    const added = this.#adding.then(() => this.#add(event));
    // Whoever added it hears of a failure; the next one does not care.
    this.#adding = added.catch(() => undefined);
    return added;
  }

  async first(): Promise<Stored<Waiting> | undefined> {
    return (await this.#state.list(this.#waiting, { limit: 1 })).items[0];
  }

  async remove({ key }: Stored<Waiting>): Promise<void> {
    await this.#state.commit([remove(this.#waiting, key)]);
  }

  size(): Promise<number> {
    return this.#state.count(this.#waiting);
  }

  async #add(event: Waiting): Promise<void> {
    const present = await this.#state.count(this.#waiting, { index: { name: 'id', equals: event.id } });
    if (present > 0) return;
    this.#next ??= this.#numberAfterLast();
    const number = await this.#next;
    this.#next = undefined;
    await this.#state.commit([put(this.#waiting, keyOf(number), event, 'absent')]);
    this.#next = Promise.resolve(number + 1);
  }

  async #numberAfterLast(): Promise<number> {
    let last = -1;
    for (let after: string | undefined; ; ) {
      const page = await this.#state.list(this.#waiting, { limit: 1_000, ...(after !== undefined && { after }) });
      last = Number(page.items.at(-1)?.key ?? last);
      after = page.next;
      if (after === undefined) return last + 1;
    }
  }
}

/** Keys are in the order of their text. */
const keyOf = (number: number): string => String(number).padStart(16, '0');
