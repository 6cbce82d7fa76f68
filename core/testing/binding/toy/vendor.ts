import {
  type Call,
  empty,
  Gate,
  ok,
  Problem,
  problems,
  type ServedOperation,
  type StreamItem,
  type Surface,
  serve,
  stream,
} from '../../../operation/index.js';
import { RememberedReplies } from '../../../operation/remembered-replies.js';
import type { Clock } from '../../../plugin/clock.js';
import type { Logger } from '../../../plugin/logger.js';
import { Callers } from './callers.js';
import { type Meeting, Meetings } from './meeting.js';
import { full, toys } from './operations.js';
import { pages } from './pages.js';
import { keyStore } from './store.js';

/** Path that the toys are served under. */
export const prefix = '/toy/v1';
/** What no caller may ever read: the text of an exception that nobody declared. */
export const hidden = 'hunter2-of-the-handler';

export interface Item {
  readonly n: number;
  readonly text?: string;
}

/** The members of the problem that has them all. */
export const fullDetails = {
  errors: [
    { field: 'parts.0.name', message: 'is taken: "ü"' },
    { field: '/parts/1', message: 'is not there' },
  ],
  retryAfterSeconds: 7,
  extensions: { instance: '/toys/1', left: 3, parts: ['a', { b: null }], owner: { name: 'Zoë' } },
};

/** The kit's own vendor with all that is needed to serve it, and what its handlers saw. */
export class ToyVendor {
  readonly callers = new Callers();
  readonly meetings = new Meetings();
  readonly surface: Surface;
  effects = 0;

  constructor(clock: Clock, log: Logger) {
    this.surface = {
      operations: this.#served().map((one) => ({ ...one, vendor: 'toy', prefix })),
      mounts: [],
      gate: new Gate(this.callers.authenticators, log, { replies: new RememberedReplies(keyStore(), clock) }),
    };
  }

  #served(): ServedOperation[] {
    return [
      serve(toys.echo, ({ input: { value } }) => ok({ value })),
      serve(toys.type, ({ input }) => ok({ given: input, names: Object.keys(input).sort() })),
      serve(toys.list, ({ input: { items } }) => ok(Array.from({ length: items }, (_, n) => `item ${n}`))),
      serve(toys.make, ({ input: { id, outcome } }) => ({
        kind: 'value',
        outcome,
        value: { id },
        etag: `version-of-${id}`,
        ...(outcome !== 'ok' && { location: `/things/${id}` }),
      })),
      serve(toys.forget, () => empty),
      serve(toys.change, ({ ifMatch }) => ok({ ifMatch: ifMatch ?? null })),
      serve(toys.read, ({ input: { name } }) => {
        const page = pages.get(name);
        if (!page) throw new Problem(problems.notFound, `there is no page ${name}`);
        return page;
      }),
      serve(toys.count, ({ input: { from, to }, resumeAfter }) =>
        stream(counted(resumeAfter === undefined ? from : Number(resumeAfter) + 1, to)),
      ),
      serve(toys.feed, (call) => stream(fed(call, this.meetings.at(call.input.key)))),
      serve(toys.wait, async ({ input: { key }, signal }) => {
        const meeting = this.#meet(key, signal);
        await Promise.race([meeting.released.opened, meeting.aborted.opened]);
        meeting.ended.open();
        signal.throwIfAborted();
        return ok({ key });
      }),
      serve(toys.hurry, async ({ input: { key }, signal }) => {
        const meeting = this.#meet(key, signal);
        await meeting.released.opened;
        return ok({ key });
      }),
      serve(toys.turn, async ({ input: { n } }) => {
        for (let turn = n % 17; turn < 17; turn++) await new Promise((resolve) => setImmediate(resolve));
        return ok({ n, text: `answer ${n}` });
      }),
      serve(toys.once, async () => {
        this.effects += 1;
        await new Promise((resolve) => setImmediate(resolve));
        return ok({ effects: this.effects });
      }),
      serve(toys.inspect, ({ evidence, correlationId }) => {
        const { method, targetUri, params, body, peer, headers } = evidence;
        return ok({
          method,
          targetUri,
          params: { ...params },
          body: body && body.length > 0 ? Buffer.from(body).toString() : null,
          peer: peer ?? null,
          note: headers['x-toy-note'] ?? null,
          correlationId,
        });
      }),
      serve(toys.secret, ({ principal }) => ok({ caller: principal.id })),
      serve(toys.either, ({ principal }) => ok({ caller: principal.id })),
      serve(toys.note, ({ principal, input: { text } }) => ok({ caller: principal.id, text })),
      serve(toys.glance, ({ principal }) => ok({ caller: principal.id })),
      serve(toys.refuse, ({ input: { which } }) => {
        if (which === 'full') throw new Problem(full, 'no room for "ü"', fullDetails);
        if (which === 'undeclared') throw new Error(hidden);
        const kind = Object.values(problems).find(({ type }) => type === which);
        if (!kind) throw new Problem(problems.semanticError, `there is no problem ${which}`);
        throw new Problem(kind, `this is ${kind.title}`);
      }),
      serve(
        toys.reword,
        () => {
          throw new Problem(problems.conflict, 'in plain words');
        },
        ({ kind, detail }) =>
          new Problem({ ...kind, type: 'https://toy.example/problems/worded' }, `in words of the vendor: ${detail}`),
      ),
      serve(toys.short, ({ input: { text } }) => ok({ length: text.length })),
      serve(toys.long, ({ input: { text } }) => ok({ length: text.length })),
    ];
  }

  #meet(key: string, signal: AbortSignal): Meeting {
    const meeting = this.meetings.at(key);
    heed(signal, meeting);
    meeting.begun.open();
    return meeting;
  }
}

function heed(signal: AbortSignal, { aborted }: Meeting): void {
  if (signal.aborted) aborted.open();
  else signal.addEventListener('abort', aborted.open, { once: true });
}

async function* counted(from: number, to: number): AsyncGenerator<StreamItem<Item>, void, undefined> {
  for (let n = from; n <= to; n++) {
    yield {
      id: String(n),
      ...(n % 2 === 1 && { event: 'odd' }),
      data: { n, ...(n % 3 === 0 && { text: `line\r\nof ${n}\u2028ü` }) },
    };
  }
}

type Feed = Call<{ readonly items: number; readonly size: number; readonly end: string }>;

async function* fed(call: Feed, meeting: Meeting): AsyncGenerator<StreamItem<Item>, void, undefined> {
  const { items, size, end } = call.input;
  const text = 'x'.repeat(size);
  heed(call.signal, meeting);
  meeting.begun.open();
  try {
    for (let n = 0; n < items; n++) {
      meeting.pulled += 1;
      yield { data: { n, text } };
    }
    if (end === 'error') throw new Error(hidden);
    if (end === 'problem') throw new Problem(problems.unavailable, 'the source of the items is gone');
    if (end === 'wait') await Promise.race([meeting.released.opened, meeting.aborted.opened]);
  } finally {
    meeting.ended.open();
  }
}
