import { once } from 'node:events';
import {
  anyone,
  atLeast,
  created,
  defineOperation,
  defineVendor,
  ok,
  Problem,
  problems,
  representation,
  serve,
  stream,
  type ValueReply,
  z,
} from '../../core/plugin/index.js';

// A vendor with one operation of each kind, for tests of the binding and of its transport.

const base = { problems: [], access: anyone, idempotency: 'safe' } as const;

export const exactBytes = new TextEncoder().encode('exact bytes\n');

export const toyOperations = {
  greet: defineOperation({
    ...base,
    id: 'toy.greet',
    summary: 'Greets',
    idempotency: 'once',
    bodyLimit: 1000,
    problems: [problems.conflict],
    input: z.strictObject({
      name: z.string().min(1),
      times: z.number().int().max(5).default(1),
      tags: z.array(z.string()).optional(),
    }),
    output: {
      kind: 'value',
      schema: z.looseObject({ text: z.string(), tags: z.array(z.string()).optional() }),
    },
    http: { method: 'POST', path: '/greetings/{name}', query: ['times'] },
  }),
  document: defineOperation({
    ...base,
    id: 'toy.document',
    summary: 'Exact bytes',
    input: z.object({}),
    output: { kind: 'representation', mediaTypes: ['text/plain'] },
    http: { method: 'GET', path: '/document' },
  }),
  secret: defineOperation({
    ...base,
    id: 'toy.secret',
    summary: 'For operators',
    access: atLeast('operator'),
    input: z.strictObject({ path: z.string() }),
    output: { kind: 'value', schema: z.number() },
    http: { method: 'GET', path: '/secret/{path}' },
  }),
  broken: defineOperation({
    ...base,
    id: 'toy.broken',
    summary: 'Throws',
    input: z.object({}),
    output: { kind: 'empty' },
    http: { method: 'GET', path: '/broken' },
  }),
  wait: defineOperation({
    ...base,
    id: 'toy.wait',
    summary: 'Answers when it is let go',
    input: z.object({}),
    output: { kind: 'value', schema: z.object({ ended: z.string() }) },
    http: { method: 'GET', path: '/wait' },
  }),
  hold: defineOperation({
    ...base,
    id: 'toy.hold',
    summary: 'Has an effect, and answers when it is let go',
    idempotency: 'once',
    input: z.object({}),
    output: { kind: 'value', schema: z.object({ ended: z.string() }) },
    http: { method: 'POST', path: '/wait' },
  }),
  count: defineOperation({
    ...base,
    id: 'toy.count',
    summary: 'Counts on',
    input: z.strictObject({ to: z.number().optional() }),
    output: { kind: 'stream', schema: z.object({ n: z.number() }) },
    http: { method: 'GET', path: '/count', query: ['to'] },
  }),
  flood: defineOperation({
    ...base,
    id: 'toy.flood',
    summary: 'Has no end',
    input: z.strictObject({}),
    output: { kind: 'stream', schema: z.object({ text: z.string() }) },
    http: { method: 'GET', path: '/flood' },
  }),
  idle: defineOperation({
    ...base,
    id: 'toy.idle',
    summary: 'Has nothing to say',
    input: z.strictObject({}),
    output: { kind: 'stream', schema: z.object({}) },
    http: { method: 'GET', path: '/idle' },
  }),
} as const;

/** What the toy's handlers tell the test that made them. */
export class Toy {
  greetings = 0;
  /** Items that the stream without an end was asked for. */
  flooded = 0;
  floodEnded = false;
  /** Whether nobody asked for one while the event loop went round many times. */
  standing = false;
  readonly waiting: { readonly signal: AbortSignal; letGo(): void }[] = [];
  readonly #changes: (() => void)[] = [];

  /** Resolves when `holds`, looked at with each change. */
  async until(holds: (toy: this) => boolean): Promise<void> {
    while (!holds(this)) await new Promise<void>((resolve) => this.#changes.push(resolve));
  }

  changed(): void {
    for (const resolve of this.#changes.splice(0)) resolve();
  }
}

export function toyVendor(toy: Toy) {
  const { greet, document, secret, broken, wait, hold, count, flood, idle } = toyOperations;
  return defineVendor({
    type: 'vendor.toy',
    version: '1.0.0',
    create: () => ({
      authenticators: [
        {
          scheme: 'bearer',
          makes: 'user',
          challenge: 'Bearer realm="toy"',
          authenticate: ({ headers, clientCertificate }) => {
            if (clientCertificate)
              return { kind: 'user', id: `certificate ${clientCertificate.byteLength > 0}`, roles: ['operator'] };
            if (headers['authorization'] === undefined) return undefined;
            if (headers['authorization'] === 'Bearer good') return { kind: 'user', id: 'me', roles: ['operator'] };
            throw new Problem(problems.notAuthenticated, 'this token is not known');
          },
        },
      ],
      operations: [
        serve(greet, ({ input: { name, times, tags } }) => {
          toy.greetings++;
          if (name === 'nobody') {
            throw new Problem(problems.conflict, 'there is nobody', {
              retryAfterSeconds: 7,
              extensions: { who: ['a', null] },
            });
          }
          return created(
            { text: `hello ${name} `.repeat(times).trim(), ...(tags && { tags }), more: { n: 1 } },
            `/greetings/${name}`,
          );
        }),
        serve(document, () =>
          representation(exactBytes, 'text/plain', {
            etag: 'one',
            cache: { visibility: 'public', freshness: 'immutable' },
          }),
        ),
        serve(secret, ({ input: { path } }) => ok(path.length, `v${path.length}`)),
        serve(broken, () => {
          throw new Error('never seen by callers');
        }),
        serve(wait, ({ signal }) => letGo(toy, signal)),
        serve(hold, ({ signal }) => letGo(toy, signal)),
        serve(count, ({ input: { to = Number.POSITIVE_INFINITY }, resumeAfter = '0', signal }) =>
          stream(
            (async function* () {
              for (let n = Number(resumeAfter) + 1; n <= to && !signal.aborted; n++) {
                if (n === 13) throw new Error('thirteen');
                yield { id: String(n), ...(n % 2 === 0 && { event: 'even' }), data: { n } };
              }
            })(),
          ),
        ),
        serve(flood, () => stream(flooding(toy))),
        serve(idle, ({ signal }) => stream(silence(signal))),
      ],
    }),
  });
}

const large = 'x'.repeat(16_384);

async function* flooding(toy: Toy): AsyncGenerator<{ data: { text: string } }> {
  try {
    for (;;) {
      toy.flooded++;
      watchStanding(toy, toy.flooded, 200);
      yield { data: { text: large } };
    }
  } finally {
    toy.floodEnded = true;
    toy.changed();
  }
}

/** Looks again in each turn of the event loop: data that could still flow would have done so long before. */
function watchStanding(toy: Toy, at: number, turns: number): void {
  if (toy.flooded !== at || toy.floodEnded) return;
  if (turns > 0) {
    setImmediate(watchStanding, toy, at, turns - 1);
    return;
  }
  toy.standing = true;
  toy.changed();
}

/** Says nothing, until it ends. */
async function* silence(signal: AbortSignal): AsyncGenerator<{ data: object }> {
  while (!signal.aborted) await once(signal, 'abort');
  yield* [];
}

function letGo(toy: Toy, signal: AbortSignal): Promise<ValueReply<{ ended: string }>> {
  return new Promise((resolve) => {
    toy.waiting.push({ signal, letGo: () => resolve(ok({ ended: 'well' })) });
    signal.addEventListener('abort', () => {
      resolve(ok({ ended: 'aborted' }));
      toy.changed();
    });
    toy.changed();
  });
}
