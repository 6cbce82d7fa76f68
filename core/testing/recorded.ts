import { inspect } from 'node:util';

/** How many calls are remembered: the newest, because a case fails where it ends. */
const remembered = 40;

/** Writes down what is done to a subject. */
export class Recorder {
  /** The newest calls with their outcomes, oldest first. */
  readonly calls: string[] = [];
  readonly #underWay = new Set<{ readonly call: string }>();
  #movement = 0;

  /** Grows whenever a call begins or ends: what stands still for long hangs. */
  get movement(): number {
    return this.#movement;
  }

  /** Calls that have not ended, oldest first. */
  get underWay(): readonly string[] {
    return [...this.#underWay].map(({ call }) => call);
  }

  note(line: string): void {
    this.#movement++;
    this.calls.push(line);
    if (this.calls.length > remembered) this.calls.shift();
  }

  /** The same object, with every call of a method and its outcome written down. */
  observed<T>(instance: T): T {
    if (typeof instance !== 'object' || instance === null) return instance;
    return new Proxy(instance, {
      get: (target, property) => {
        const member: unknown = Reflect.get(target, property, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown => {
          const call = `${String(property)}(${args.map(argument).join(', ')})`;
          const result: unknown = member.apply(target, args);
          if (result instanceof Promise) return this.#awaited(call, result);
          this.note(call);
          return result;
        };
      },
    });
  }

  async #awaited(call: string, result: Promise<unknown>): Promise<unknown> {
    const pending = { call };
    this.#underWay.add(pending);
    this.#movement++;
    try {
      const value = await result;
      this.note(`${call} -> ${argument(value)}`);
      return value;
    } catch (error) {
      this.note(`${call} threw ${String(error)}`);
      throw error;
    } finally {
      this.#underWay.delete(pending);
    }
  }
}

function argument(value: unknown): string {
  if (value instanceof AbortSignal) return 'signal';
  if (typeof value === 'function') return 'handler';
  return inspect(value, {
    depth: 5,
    breakLength: Number.POSITIVE_INFINITY,
    maxStringLength: 60,
    maxArrayLength: 6,
  }).replaceAll(/\{ name: ('[^']*'), content: '\w+', indexes: \{[^}]*\} \}/g, '$1');
}
