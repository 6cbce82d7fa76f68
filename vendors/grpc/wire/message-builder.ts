import { isDeepStrictEqual } from 'node:util';
import type { ProtoMessage } from './model.js';
import { unused } from './names.js';

/** Messages as they are made, by full name. */
export class MessageBuilder {
  readonly #messages = new Map<string, ProtoMessage | undefined>();
  readonly #shared = new Map<string, unknown>();

  get messages(): ReadonlyMap<string, ProtoMessage> {
    const done = [...this.#messages].filter((entry): entry is [string, ProtoMessage] => entry[1] !== undefined);
    return new Map(done.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  /**
   * Keeps a name for the message of a schema that has an id.
   *
   * @returns whether it is there already, or being made
   * @throws Error when it is that of another schema
   */
  share(name: string, schema: unknown): boolean {
    if (!this.#messages.has(name)) {
      this.#messages.set(name, undefined);
      this.#shared.set(name, schema);
      return false;
    }
    if (!isDeepStrictEqual(this.#shared.get(name), schema)) throw sameName(name);
    return true;
  }

  /** A name for a message within `parent`, kept for it from now on. */
  nested(parent: string, name: string): string {
    const taken = new Set([...this.#messages.keys()]);
    const full = unused(`${parent}.${name}`, taken);
    this.#messages.set(full, undefined);
    return full;
  }

  /** @throws Error when another message has this name */
  add(message: ProtoMessage): void {
    const present = this.#messages.get(message.name);
    if (present !== undefined && !isDeepStrictEqual(present, message)) {
      throw sameName(message.name);
    }
    this.#messages.set(message.name, message);
  }
}

function sameName(name: string): Error {
  return new Error(`two messages would be named ${name}; give one of their schemas another id`);
}
