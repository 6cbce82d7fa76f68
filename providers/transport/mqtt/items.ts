import type { StreamItem } from '../../../core/operation/index.js';
import { TransportFault } from '../../../core/ports/index.js';
import { jsonIn, type Reply } from '../../../vendors/mqtt/wire/index.js';

export interface ItemQueueOptions {
  /** Items that the host was told it may send. */
  readonly window: number;
  readonly more: (credit: number) => void;
  /** The host ended it, and all has been received. */
  readonly finished: () => void;
  /** The consumer wants no more. */
  readonly stopped: () => void;
  /** For messages to a person. */
  readonly from: string;
}

type End = { readonly error: unknown } | 'done';

/** Items of one stream on their way to its consumer; never more than the window, for the host hears what was taken. */
export class ItemQueue implements AsyncIterable<StreamItem<unknown>>, AsyncIterator<StreamItem<unknown>, undefined> {
  readonly #items: StreamItem<unknown>[] = [];
  #end: End | undefined;
  #wake: (() => void) | undefined;
  /** Of the last message that was taken in. */
  #seq = 0;
  #taken = 0;

  constructor(private readonly options: ItemQueueOptions) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  receive(reply: Reply): void {
    const seq = Number(reply.fields['seq']);
    // A broker delivers at least once.
    if (this.#end || seq <= this.#seq) return;
    if (seq !== this.#seq + 1) {
      this.#broken(`${this.options.from} lost a part of the stream`);
      return;
    }
    this.#seq = seq;
    if (reply.kind === 'end') this.#ended(reply);
    else this.#item(reply);
    this.#wake?.();
  }

  fail(error: unknown): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<StreamItem<unknown>, undefined>> {
    for (;;) {
      const item = this.#items.shift();
      if (item) {
        this.#tookOne();
        return { done: false, value: item };
      }
      if (this.#end === 'done') return { done: true, value: undefined };
      if (this.#end) {
        const { error } = this.#end;
        this.#end = 'done';
        throw error;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async return(): Promise<IteratorResult<StreamItem<unknown>, undefined>> {
    if (!this.#end) {
      this.#end = 'done';
      this.options.stopped();
    }
    this.#end = 'done';
    this.#items.length = 0;
    this.#wake?.();
    return { done: true, value: undefined };
  }

  #item({ fields, body }: Reply): void {
    const data = jsonIn(body);
    if (data === undefined) {
      this.#broken(`${this.options.from} sent an item that is no JSON`);
      return;
    }
    const { 'item-id': id, event } = fields;
    this.#items.push({
      ...(id !== undefined && { id: String(id) }),
      ...(event !== undefined && { event: String(event) }),
      data,
    });
  }

  #ended({ fields, body }: Reply): void {
    const { reason } = fields;
    // As on every transport, the other side ended it; whoever wants more asks another host, or this one later.
    if (reason === 'done' || reason === 'draining') this.#end = 'done';
    else {
      const said = jsonIn(body) as { readonly detail?: unknown } | undefined;
      const why = String(said?.detail ?? 'the host does not say why');
      this.#end = { error: new TransportFault('unreachable', `the stream of ${this.options.from} ended: ${why}`) };
    }
    this.options.finished();
  }

  #broken(why: string): void {
    this.#end = { error: new TransportFault('invalid', why) };
    this.options.stopped();
  }

  #tookOne(): void {
    this.#taken += 1;
    if (this.#end || this.#taken < this.options.window / 2) return;
    this.options.more(this.#taken);
    this.#taken = 0;
  }
}
