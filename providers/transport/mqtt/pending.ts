import { fieldsOf } from '../../../core/client/index.js';
import { type Answer, type OutgoingCall, TransportFault } from '../../../core/ports/index.js';
import type { Message, Reply } from '../../../vendors/mqtt/wire/index.js';
import { callTopic, type Form, writeRequest } from '../../../vendors/mqtt/wire/index.js';
import { answerOf } from './answer.js';
import { ItemQueue } from './items.js';

/** What a call needs of the connection that carries it. */
export interface Carrier {
  readonly root: string;
  readonly name: string;
  readonly form: Form;
  readonly replyTopic: string;
  readonly address: string;
  /** Tells the host that so many more items are taken. */
  more(id: string, credit: number): void;
  /** Tells the host that nobody wants an answer any more. */
  cancel(id: string): void;
}

/** Items that a host may send before it hears that they are taken. */
export const window = 64;

const problemLimit = 64 * 1024;

/** One call, from when it is made until its answer, or the last item of it, is there. */
export class PendingCall {
  readonly answer: Promise<Answer>;
  #resolve: (answer: Answer) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #carrier: Carrier | undefined;
  #id = '';
  #items: ItemQueue | undefined;
  #over = false;
  readonly #timer: NodeJS.Timeout;
  readonly #deadline: number;

  constructor(
    readonly call: OutgoingCall,
    address: string,
    private readonly onEnd: (pending: PendingCall) => void,
  ) {
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#deadline = performance.now() + call.timeout;
    this.#timer = setTimeout(() => {
      this.#carrier?.cancel(this.#id);
      this.fail(
        new TransportFault(
          'timeout',
          `${call.operation.id} was not answered over ${address} within ${call.timeout} ms`,
        ),
      );
    }, call.timeout);
    call.signal.addEventListener('abort', this.#aborted, { once: true });
  }

  get id(): string {
    return this.#id;
  }

  /** Whether its answer is a stream that has begun: what is lost of that, the consumer asks for again. */
  get streaming(): boolean {
    return this.#items !== undefined;
  }

  get over(): boolean {
    return this.#over;
  }

  /** The message that makes the call, under a new id and with credentials of now. @throws Problem when the input does not fit the path */
  message(carrier: Carrier, id: string): Message {
    this.#carrier = carrier;
    this.#id = id;
    const { call } = this;
    return writeRequest(callTopic(carrier.root, carrier.name, call.operation.id), {
      replyTo: { form: carrier.form, topic: carrier.replyTopic, id: Buffer.from(id) },
      headers: fieldsOf(call, `mqtt://${carrier.root}`),
      timeout: Math.max(1, Math.round(this.#deadline - performance.now())),
      credit: call.operation.output.kind === 'stream' ? window : undefined,
      body: Buffer.from(JSON.stringify(call.input)),
    });
  }

  receive(reply: Reply): void {
    if (this.#over) return;
    const { call } = this;
    const from = this.#carrier?.address ?? '';
    if (reply.body.length > limitOf(reply, call)) {
      this.#carrier?.cancel(this.#id);
      this.fail(
        new TransportFault(
          'invalid',
          `the answer of ${from} to ${call.operation.id} has more than ${call.answerLimit} bytes`,
        ),
      );
    } else if (reply.kind === 'stream') this.#begin();
    else if (reply.kind === 'item' || reply.kind === 'end') this.#items?.receive(reply);
    else {
      const answer = answerOf(reply);
      if (answer) this.#settle(() => this.#resolve(answer));
      else
        this.fail(new TransportFault('invalid', `the answer of ${from} to ${call.operation.id} cannot be understood`));
    }
  }

  fail(error: unknown): void {
    this.#settle(() => {
      this.#items?.fail(error);
      this.#reject(error);
    });
  }

  /** Nothing of it is awaited any more, on this connection. */
  release(): void {
    this.#carrier = undefined;
  }

  #begin(): void {
    // Delivered twice.
    if (this.#items) return;
    clearTimeout(this.#timer);
    this.#items = new ItemQueue({
      window,
      more: (credit) => this.#carrier?.more(this.#id, credit),
      finished: () => this.#settle(() => undefined),
      stopped: () => {
        this.#carrier?.cancel(this.#id);
        this.#settle(() => undefined);
      },
      from: this.#carrier?.address ?? '',
    });
    this.#resolve({ kind: 'stream', items: this.#items });
  }

  readonly #aborted = (): void => {
    this.#carrier?.cancel(this.#id);
    this.fail(this.call.signal.reason);
  };

  #settle(how: () => void): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.call.signal.removeEventListener('abort', this.#aborted);
    how();
    this.onEnd(this);
  }
}

/** What is no answer but says why there is none is taken where no answer so large would be. */
function limitOf({ kind }: Reply, { answerLimit }: OutgoingCall): number {
  return kind === 'problem' || kind === 'end' ? Math.max(answerLimit, problemLimit) : answerLimit;
}
