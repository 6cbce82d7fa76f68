import { Gate } from '../../core/operation/index.js';
import {
  type Authenticator,
  atLeast,
  defineOperation,
  ok,
  Problem,
  problems,
  representation,
  type StreamItem,
  type Surface,
  serve,
  stream,
  z,
} from '../../core/plugin/index.js';
import { silentLogger } from '../../core/testing/loggers.js';

// What every binding in the laboratory serves, and every bare library beside it: the same inputs, bytes and items.

const shared = { access: atLeast('viewer'), idempotency: 'safe', problems: [] } as const;

export const operations = {
  small: defineOperation({
    ...shared,
    id: 'lab.small',
    summary: 'A small question and its answer',
    input: z.strictObject({ name: z.string(), n: z.number().int() }),
    output: { kind: 'value', schema: z.object({ greeting: z.string(), n: z.number().int() }) },
    http: { method: 'POST', path: '/small' },
  }),
  page: defineOperation({
    ...shared,
    id: 'lab.page',
    summary: 'A representation of 64 KiB',
    input: z.strictObject({}),
    output: { kind: 'representation', mediaTypes: ['application/octet-stream'] },
    http: { method: 'GET', path: '/page' },
  }),
  stream: defineOperation({
    ...shared,
    id: 'lab.stream',
    summary: 'A thousand events at once',
    input: z.strictObject({}),
    output: { kind: 'stream', schema: z.object({ n: z.number().int(), text: z.string() }) },
    http: { method: 'GET', path: '/stream' },
  }),
  listen: defineOperation({
    ...shared,
    id: 'lab.listen',
    summary: 'Events as they are published',
    input: z.strictObject({}),
    output: { kind: 'stream', schema: z.object({ n: z.number().int(), text: z.string() }) },
    http: { method: 'GET', path: '/listen' },
  }),
} as const;

export const token = 'laboratory';
export const page = Buffer.alloc(64 * 1024, 'tutti');
export const pageTag = 'sha256:of-a-page';
export const streamLength = 1000;

export const greeting = (name: string, n: number): { greeting: string; n: number } => ({
  greeting: `hello, ${name}`,
  n,
});
export const event = (n: number): { n: number; text: string } => ({ n, text: 'something has changed' });

/**
 * Tells everybody who listens at that time. Bindings and bare libraries send the same items from here: what is compared
 * is how they are carried, not how they come about.
 */
export class Publisher {
  readonly #listeners = new Set<(n: number) => void>();

  publish(n: number): void {
    for (const tell of this.#listeners) tell(n);
  }

  /** @returns how to stop listening */
  #listen(tell: (n: number) => void): () => void {
    this.#listeners.add(tell);
    return () => this.#listeners.delete(tell);
  }

  async *items(signal: AbortSignal): AsyncGenerator<StreamItem<ReturnType<typeof event>>, void, undefined> {
    const waiting: number[] = [];
    let wake: () => void = () => undefined;
    const stop = this.#listen((n) => {
      waiting.push(n);
      wake();
    });
    const ended = (): void => wake();
    signal.addEventListener('abort', ended);
    try {
      // Tells the listener that it is heard from now on.
      yield { data: event(0) };
      while (!signal.aborted) {
        for (let n = waiting.shift(); n !== undefined; n = waiting.shift()) yield { data: event(n) };
        if (waiting.length > 0 || signal.aborted) continue;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      stop();
      signal.removeEventListener('abort', ended);
    }
  }
}

export async function* thousand(): AsyncGenerator<StreamItem<ReturnType<typeof event>>, void, undefined> {
  for (let n = 1; n <= streamLength; n++) yield { id: String(n), data: event(n) };
}

const authenticator: Authenticator = {
  scheme: 'bearer',
  makes: 'user',
  challenge: 'Bearer',
  authenticate: ({ headers }) => {
    const given = headers['authorization'];
    if (given === undefined) return undefined;
    if (given !== `Bearer ${token}`) throw new Problem(problems.notAuthenticated, 'not the token of the laboratory');
    return { kind: 'user', id: 'laboratory', roles: ['viewer'] };
  },
};

export function surface(publisher: Publisher): Surface {
  const served = [
    serve(operations.small, ({ input: { name, n } }) => ok(greeting(name, n))),
    serve(operations.page, () =>
      representation(page, 'application/octet-stream', {
        etag: pageTag,
        cache: { visibility: 'private', freshness: 'revalidate' },
      }),
    ),
    serve(operations.stream, () => stream(thousand())),
    serve(operations.listen, ({ signal }) => stream(publisher.items(signal))),
  ];
  return {
    operations: served.map((one) => ({ ...one, vendor: 'laboratory', prefix: '' })),
    mounts: [],
    gate: new Gate([authenticator], silentLogger()),
  };
}
