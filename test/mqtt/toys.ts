import { z } from 'zod';
import { systemClock } from '../../core/host/index.js';
import {
  type Authenticator,
  anyone,
  atLeast,
  created,
  defineOperation,
  empty,
  Gate,
  ok,
  Problem,
  problems,
  representation,
  type ServedOperation,
  type StreamItem,
  type Surface,
  serve,
  stream,
} from '../../core/operation/index.js';
import { RememberedReplies } from '../../core/operation/remembered-replies.js';
import type { StateProvider } from '../../core/ports/index.js';
import { silentLogger } from '../../core/testing/index.js';

const shared = { problems: [problems.conflict], idempotency: 'safe', access: anyone } as const;

/** One operation of each kind. */
export const operations = {
  add: defineOperation({
    ...shared,
    id: 'toy.add',
    summary: 'Adds',
    input: z.strictObject({ a: z.number(), b: z.number().default(1) }),
    output: { kind: 'value', schema: z.object({ sum: z.number() }) },
    http: { method: 'POST', path: '/add' },
  }),
  page: defineOperation({
    ...shared,
    id: 'toy.page',
    summary: 'Every byte there is',
    input: z.strictObject({}),
    output: { kind: 'representation', mediaTypes: ['application/octet-stream'] },
    http: { method: 'GET', path: '/page' },
  }),
  count: defineOperation({
    ...shared,
    id: 'toy.count',
    summary: 'Counts',
    input: z.strictObject({ to: z.number() }),
    output: { kind: 'stream', schema: z.object({ n: z.number() }) },
    http: { method: 'GET', path: '/count', query: ['to'] },
  }),
  watch: defineOperation({
    ...shared,
    id: 'toy.watch',
    summary: 'Says what it is told, until its caller goes away',
    input: z.strictObject({}),
    output: { kind: 'stream', schema: z.object({ n: z.number() }) },
    http: { method: 'GET', path: '/watch' },
  }),
  make: defineOperation({
    ...shared,
    idempotency: 'once',
    id: 'toy.make',
    summary: 'Makes one more',
    input: z.strictObject({ name: z.string() }),
    output: { kind: 'value', schema: z.object({ made: z.number() }) },
    http: { method: 'POST', path: '/things' },
  }),
  forget: defineOperation({
    ...shared,
    access: atLeast('admin'),
    idempotency: 'idempotent',
    id: 'toy.forget',
    summary: 'Forgets',
    input: z.strictObject({}),
    output: { kind: 'empty' },
    http: { method: 'DELETE', path: '/' },
  }),
  who: defineOperation({
    ...shared,
    access: { kinds: ['device'], rule: 'a device', check: () => undefined },
    id: 'toy.who',
    summary: 'Says who calls',
    input: z.strictObject({}),
    output: { kind: 'value', schema: z.object({ id: z.string() }) },
    http: { method: 'GET', path: '/who' },
  }),
} as const;

export const everyByte = Uint8Array.from({ length: 1024 }, (_one, at) => at % 256);

/** What a test sees and steers of the toys. */
export interface Toys {
  readonly surface: Surface;
  /** How often `toy.make` had its effect. */
  made(): number;
  /** `toy.make` waits for what this gives. */
  hold(until: Promise<void>): void;
  /** Watches that are open. */
  watching(): number;
  /** Items that watches have given so far. */
  given(): number;
  /** Resolves when a call of this operation has come to its handler. */
  entered(id: string): Promise<void>;
  /** Says something to all who watch. */
  tell(n: number): void;
}

const tokens: Authenticator = {
  scheme: 'bearer',
  makes: 'user',
  challenge: 'Bearer',
  authenticate: ({ headers }) =>
    headers['authorization'] === 'Bearer good' ? { kind: 'user', id: 'me', roles: ['admin'] } : undefined,
};
/** Believes what the transport has proven. */
const certified: Authenticator = {
  scheme: 'certificate',
  makes: 'device',
  challenge: 'mutual TLS',
  authenticate: ({ clientName, clientCertificate }) => {
    const id = clientName ?? (clientCertificate && `${clientCertificate.length > 0}`);
    return id === undefined ? undefined : { kind: 'device', id, roles: [] };
  },
};

async function* counted(from: number, to: number): AsyncGenerator<StreamItem<{ n: number }>> {
  for (let n = from + 1; n <= to; n++) yield { id: String(n), event: 'number', data: { n } };
}

export function makeToys(state: StateProvider): Toys {
  let made = 0;
  let given = 0;
  let held: Promise<void> = Promise.resolve();
  const watchers = new Set<(n: number) => void>();
  const arrivals: { readonly id: string; readonly wake: () => void }[] = [];
  const arrived = (id: string): void => {
    for (const one of arrivals.filter((arrival) => arrival.id === id)) one.wake();
  };

  async function* watched(signal: AbortSignal): AsyncGenerator<StreamItem<{ n: number }>> {
    const told: number[] = [];
    let wake = (): void => undefined;
    const watcher = (n: number): void => {
      told.push(n);
      wake();
    };
    watchers.add(watcher);
    arrived('toy.watch');
    try {
      while (!signal.aborted) {
        const n = told.shift();
        if (n !== undefined) {
          given += 1;
          yield { id: String(n), data: { n } };
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
            signal.addEventListener('abort', () => resolve(), { once: true });
          });
        }
      }
    } finally {
      watchers.delete(watcher);
    }
  }

  const served: ServedOperation[] = [
    serve(operations.add, ({ input: { a, b } }) => {
      if (a === b) throw new Problem(problems.conflict, 'the same', { retryAfterSeconds: 3, extensions: { twice: a } });
      return ok({ sum: a + b }, `v${a + b}`);
    }),
    serve(operations.page, () =>
      representation(everyByte, 'application/octet-stream', {
        etag: 'sha256:one',
        cache: { visibility: 'private', freshness: 'revalidate' },
      }),
    ),
    serve(operations.count, ({ input, resumeAfter = '0' }) => stream(counted(Number(resumeAfter), input.to))),
    serve(operations.watch, ({ signal }) => stream(watched(signal))),
    serve(operations.make, async () => {
      arrived('toy.make');
      await held;
      made += 1;
      return created({ made }, `/things/${made}`);
    }),
    serve(operations.forget, () => empty),
    serve(operations.who, ({ principal }) => ok({ id: principal.id })),
  ];
  const log = silentLogger();
  return {
    surface: {
      operations: served.map((one) => ({ ...one, vendor: 'toy', prefix: '/toy' })),
      mounts: [],
      gate: new Gate([tokens, certified], log, { replies: new RememberedReplies(state, systemClock) }),
    },
    made: () => made,
    hold: (until) => {
      held = until;
    },
    given: () => given,
    watching: () => watchers.size,
    entered: (id) =>
      new Promise((wake) => {
        arrivals.push({ id, wake });
      }),
    tell: (n) => {
      for (const watcher of watchers) watcher(n);
    },
  };
}
