import { correlated, correlationId } from '../correlation/index.js';
import { decode, encode } from './codec.js';
import { plainError, wordsOf } from './errors.js';
import { type Channel, isMessage, type Message, type ObjectId } from './message.js';

type Members = Readonly<Record<string, (...args: unknown[]) => unknown>>;

export interface CallOptions {
  /** Errors that may come back as what they are. */
  readonly faults?: readonly (new (
    ...args: never[]
  ) => Error)[];
  readonly broken: (message: string) => Error;
  /** Milliseconds; none unless told. */
  readonly deadline?: number;
  /** What it rejects with after its deadline; `broken` unless told. */
  readonly late?: (message: string) => Error;
  /** Whether functions may be among the arguments. */
  readonly functions?: boolean;
  /** What keeps the arguments, for an answer that goes on using them; the caller ends it. */
  readonly lasting?: Lasting;
}

/** What is kept for a call. */
export class Lasting {
  /** Signals among its arguments. */
  readonly signals: number[] = [];
  readonly #ends: (() => void)[] = [];

  add(end: () => void): void {
    this.#ends.push(end);
  }

  end(): void {
    for (const end of this.#ends.splice(0)) end();
  }
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly options: CallOptions;
  readonly lasting: Lasting;
}

/**
 * One side of a line over which each side calls what the other one exposes. What arguments and answers hold of
 * functions, signals and streams is called, aborted and pulled over the same line.
 */
export class Peer {
  readonly #objects = new Map<ObjectId, Members>();
  readonly #pending = new Map<number, Pending>();
  readonly #signals = new Map<number, AbortController>();
  /** Signals that were passed to the other side. */
  readonly #given = new Map<number, AbortSignal>();
  /** What signals of the other side were aborted with, as it is on this side. */
  readonly #reasons = new WeakMap<Error, number>();
  /** Iterators under way for the other side, which end when it does. */
  readonly #iterators = new Set<AsyncIterator<unknown>>();
  readonly #handles = new Set<{ close(): Promise<void> }>();
  #next = 1;
  #ended: string | undefined;

  constructor(
    private readonly channel: Channel,
    private readonly on: {
      /** The other side is gone. */
      readonly ended?: (reason: string) => void;
      /** Something that nobody waits for went wrong. */
      readonly astray: (error: unknown) => void;
      /** How many calls may be under way: what the other side has not answered fills its memory. No limit unless told. */
      readonly most?: number;
      readonly faults: readonly (new (...args: never[]) => Error)[];
    },
  ) {
    channel.listen(
      (message) => this.#receive(message),
      (reason) => this.end(reason),
    );
  }

  /** In words, why there is nobody on the other side any more; `undefined` while there is. */
  get over(): string | undefined {
    return this.#ended;
  }

  /** Makes an object callable under a name. */
  expose(name: string, members: Members): void {
    this.#objects.set(name, members);
  }

  /** Lets go of everything: calls under way reject, what runs for the other side is told to end. */
  end(reason: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    for (const { reject, options, lasting } of this.#pending.values()) {
      lasting.end();
      reject(options.broken(reason));
    }
    this.#pending.clear();
    for (const controller of this.#signals.values()) controller.abort(new Error(reason));
    this.#signals.clear();
    for (const iterator of this.#iterators) iterator.return?.().catch(this.on.astray);
    this.#iterators.clear();
    for (const handle of this.#handles) handle.close().catch(this.on.astray);
    this.#handles.clear();
    this.on.ended?.(reason);
  }

  async call(object: ObjectId, member: string, args: readonly unknown[], options: CallOptions): Promise<unknown> {
    if (this.#ended !== undefined) throw options.broken(this.#ended);
    const { most = Number.POSITIVE_INFINITY } = this.on;
    if (this.#pending.size >= most) throw options.broken(`${most} calls are under way already`);
    const id = this.#number();
    const lasting = options.lasting ?? new Lasting();
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<unknown>((resolve, reject) => {
        const carried = encode(args, this.#passing(lasting, options.functions ?? false));
        this.#pending.set(id, { resolve, reject, options, lasting });
        this.channel.send({ kind: 'call', id, object, member, args: carried, correlation: correlationId() });
        if (options.deadline === undefined) return;
        timer = setTimeout(() => {
          const { broken, late = broken, deadline } = options;
          const error = late(`${member} took longer than ${deadline} ms`);
          for (const signal of lasting.signals) this.#abort(signal, error);
          reject(error);
        }, options.deadline);
      });
    } catch (error) {
      lasting.end();
      throw error;
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
      if (!options.lasting) lasting.end();
    }
  }

  #number(): number {
    this.#next += 1;
    return this.#next;
  }

  /** What the arguments of a call, or an answer, pass to the other side. */
  #passing(lasting: Lasting, functions: boolean) {
    return {
      function: (value: (...args: unknown[]) => unknown): number => {
        if (!functions) throw new TypeError('a function cannot be passed here: its other side is not in this thread');
        return this.#keep({ call: (...args) => value(...args) }, lasting);
      },
      stream: (value: AsyncIterable<unknown>): number => this.#keepStream(value),
      signal: (value: AbortSignal): number => {
        const id = this.#number();
        const abort = (): void => this.#abort(id, value.reason);
        lasting.signals.push(id);
        this.#given.set(id, value);
        value.addEventListener('abort', abort, { once: true });
        lasting.add(() => {
          this.#given.delete(id);
          value.removeEventListener('abort', abort);
        });
        return id;
      },
      reason: (value: Error): number | undefined => this.#reasons.get(value),
    };
  }

  #abort(signal: number, reason: unknown): void {
    this.#send({ kind: 'abort', signal, reason: this.#encodedError(reason) });
  }

  #abortWith(controller: AbortController, signal: number, reason: unknown): void {
    if (reason instanceof Error) this.#reasons.set(reason, signal);
    controller.abort(reason);
  }

  #keep(members: Members, lasting: Lasting): number {
    const id = this.#number();
    this.#objects.set(id, members);
    lasting.add(() => this.#objects.delete(id));
    return id;
  }

  /** @param ended called once, however it ends */
  #keepStream(value: AsyncIterable<unknown>, ended: () => void = () => undefined): number {
    const lasting = new Lasting();
    const iterator = value[Symbol.asyncIterator]();
    this.#iterators.add(iterator);
    lasting.add(() => this.#iterators.delete(iterator));
    lasting.add(ended);
    const end = (): void => lasting.end();
    return this.#keep(
      {
        next: async () => {
          try {
            const result = await iterator.next();
            if (result.done) end();
            return result;
          } catch (error) {
            end();
            throw error;
          }
        },
        return: async () => {
          end();
          await iterator.return?.();
        },
      },
      lasting,
    );
  }

  /** What the other side passed along. */
  #passed(faults: CallOptions['faults'], broken: CallOptions['broken'], signals: Set<number>) {
    const call = { broken, functions: true, ...(faults && { faults }) };
    return {
      faults: [...this.on.faults, ...(faults ?? [])],
      function:
        (id: number) =>
        (...args: unknown[]): Promise<unknown> => {
          const called = this.call(id, 'call', args, call);
          // Few who report progress wait for what comes of it, and those must not end for a call that is over meanwhile.
          called.catch(() => undefined);
          return called;
        },
      stream: (id: number): AsyncIterable<unknown> => ({
        [Symbol.asyncIterator]: () => ({
          next: async () => (await this.call(id, 'next', [], call)) as IteratorResult<unknown>,
          return: async () => {
            if (this.#ended === undefined) await this.call(id, 'return', [], call);
            return { done: true, value: undefined };
          },
        }),
      }),
      signal: (id: number, aborted: { readonly reason: unknown } | undefined): AbortSignal => {
        const controller = new AbortController();
        this.#signals.set(id, controller);
        signals.add(id);
        if (aborted) this.#abortWith(controller, id, aborted.reason);
        return controller.signal;
      },
      reason: (id: number): unknown => this.#given.get(id)?.reason,
    };
  }

  /** Whatever arrives must end no more than the call that it belongs to. What is none of ours is nobody's. */
  #receive(message: unknown): void {
    if (this.#ended !== undefined || !isMessage(message)) return;
    switch (message.kind) {
      case 'call':
        this.#answer(message).catch(this.on.astray);
        return;
      case 'answer':
      case 'failure': {
        const pending = this.#pending.get(message.id);
        // It took too long, and was given up on.
        if (!pending) return;
        const { faults, broken } = pending.options;
        const passed = this.#passed(faults, broken, new Set());
        try {
          if (message.kind === 'answer') pending.resolve(decode(message.value, passed));
          else pending.reject(asError(decode(message.error, passed)));
        } catch (error) {
          pending.reject(broken(`its answer cannot be read: ${wordsOf(error)}`));
        }
        return;
      }
      case 'abort': {
        const controller = this.#signals.get(message.signal);
        if (controller) this.#abortWith(controller, message.signal, this.#readReason(message.reason));
        return;
      }
    }
  }

  #readReason(reason: unknown): unknown {
    try {
      return decode(reason, this.#passed([], plainError, new Set()));
    } catch (error) {
      return plainError(`it was aborted, and its reason cannot be read: ${wordsOf(error)}`);
    }
  }

  async #answer({ id, object, member, args, correlation }: Message & { kind: 'call' }): Promise<void> {
    const signals = new Set<number>();
    const lasting = new Lasting();
    lasting.add(() => {
      for (const signal of signals) this.#signals.delete(signal);
    });
    let streams = 0;
    const passing = {
      ...this.#passing(lasting, false),
      // A stream goes on when its call is answered, and so do the signals that end it.
      stream: (value: AsyncIterable<unknown>): number => {
        streams += 1;
        return this.#keepStream(value, () => {
          streams -= 1;
          if (streams === 0) lasting.end();
        });
      },
    };
    try {
      const members = this.#objects.get(object);
      const work = members && Object.hasOwn(members, member) ? members[member] : undefined;
      if (!work) throw new Error(`there is no ${member} of ${object} on the other side any more`);
      const given = decode(args, this.#passed([], plainError, signals)) as unknown[];
      const run = (): unknown => work(...given);
      const value = await (correlation === undefined ? run() : correlated(correlation, run));
      if (value instanceof Handle) {
        this.#handles.add(value);
        const own = new Lasting();
        const close = async (...how: readonly unknown[]): Promise<void> => {
          this.#handles.delete(value);
          own.end();
          lasting.end();
          await value.close(...how);
        };
        this.#send({ kind: 'answer', id, value: this.#keep({ close }, own) });
        return;
      }
      this.#send({ kind: 'answer', id, value: encode(value, passing) });
      if (streams === 0) lasting.end();
    } catch (error) {
      lasting.end();
      this.#send({ kind: 'failure', id, error: this.#encodedError(error) });
    }
  }

  /** An error may hold anything, and must be told nevertheless. */
  #encodedError(error: unknown): unknown {
    const passing = this.#passing(new Lasting(), false);
    try {
      return structuredClone(encode(error, passing));
    } catch {
      return encode(plainError(wordsOf(error)), passing);
    }
  }

  #send(message: Message): void {
    if (this.#ended === undefined) this.channel.send(message);
  }
}

/** What a member of the kind `handle` answered, so that it is known as such. */
export class Handle {
  constructor(private readonly of: { close(...how: readonly unknown[]): Promise<void> }) {}
  close(...how: readonly unknown[]): Promise<void> {
    return this.of.close(...how);
  }
}

function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
