import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { EventFault } from '../ports/events.js';
import { LockFault } from '../ports/lock.js';
import { QueueFault } from '../ports/queue.js';
import { StateFault } from '../ports/state.js';
import { manualClock } from '../testing/clock.js';
import { Latch } from '../testing/latch.js';
import { recordingLogger, silentLogger } from '../testing/loggers.js';
import {
  type Access,
  type Authenticator,
  anyone,
  atLeast,
  type CallerKind,
  type Evidence,
  ownDevice,
} from './access.js';
import { Gate, type Outcome } from './gate.js';
import { defineOperation, type Handler, type Operation, serve } from './operation.js';
import { Problem, problems } from './problem.js';
import { RateLimiter } from './rate-limit.js';
import { created, empty, ok, representation, stream } from './reply.js';

const never = new AbortController().signal;
const noEvidence: Evidence = {
  method: 'GET',
  targetUri: 'https://host/toy',
  headers: {},
  body: undefined,
  params: {},
};
const toy = defineOperation({
  id: 'toy.do',
  summary: 'Does something',
  input: z.object({ id: z.string() }),
  output: { kind: 'value', schema: z.unknown() },
  problems: [],
  access: anyone,
  idempotency: 'safe',
  http: { method: 'GET', path: '/toy' },
});
type Input = { readonly id: string };

async function* none(): AsyncIterable<{ data: never }> {
  yield* [];
}

interface Going {
  readonly operation?: Partial<Omit<Operation, 'input' | 'access'>> & { readonly access?: Access<Input> };
  readonly handler: Handler<Input>;
  readonly authenticators?: readonly Authenticator[];
  readonly evidence?: Partial<Evidence>;
  readonly gate?: Gate;
  readonly resumeAfter?: string;
}

function invoke({
  operation,
  handler,
  authenticators,
  evidence,
  gate,
  resumeAfter,
}: Going): Promise<Outcome> | Outcome {
  return (gate ?? new Gate(authenticators ?? [], silentLogger())).invoke(
    { ...serve({ ...toy, ...operation } as typeof toy, handler), vendor: 'toy', prefix: '' },
    { evidence: { ...noEvidence, ...evidence }, input: () => ({ id: 'press-7' }), signal: never, resumeAfter },
  );
}

/** Takes a header of its own name as credentials. */
function authenticator(scheme: string, makes: CallerKind, seen: { changes: boolean }[] = []): Authenticator {
  return {
    scheme,
    makes,
    challenge: scheme,
    authenticate: ({ headers }, call) => {
      seen.push(call);
      const id = headers[scheme];
      if (id === 'wrong') throw new Problem(problems.notAuthenticated, 'wrong');
      return id === undefined ? undefined : { kind: makes, id, roles: makes === 'user' ? ['admin'] : [] };
    },
  };
}

describe('a call of an operation', () => {
  it('is answered at once where authenticator and handler answer at once', () => {
    const outcome = invoke({
      operation: { access: atLeast('viewer'), output: { kind: 'representation', mediaTypes: ['text/plain'] } },
      authenticators: [authenticator('bearer', 'user')],
      evidence: { headers: { bearer: 'ada' } },
      handler: () => representation(new Uint8Array(), 'text/plain'),
    });
    expect(outcome).not.toBeInstanceOf(Promise);
    expect(outcome).toMatchObject({ kind: 'representation' });
  });

  it('with credentials waits until the host knows what others have acknowledged, and one without does not', async () => {
    const asked: { changes: boolean }[] = [];
    const bearer = [authenticator('bearer', 'user', asked)];
    const known = new Latch();
    let caughtUp = (): Promise<void> => known.opened;
    const gate = new Gate(bearer, silentLogger(), { caughtUp: () => caughtUp() });
    const evidence = { headers: { bearer: 'ada' } };
    const handler = () => ok({});
    expect(await invoke({ gate, evidence, handler })).toMatchObject({ kind: 'value' });
    const waiting = invoke({ gate, evidence, handler, operation: { access: atLeast('viewer') } });
    await new Promise(setImmediate);
    expect(asked).toEqual([]);
    known.open();
    expect(await waiting).toMatchObject({ kind: 'value' });
    expect(asked).toHaveLength(1);
    caughtUp = () => Promise.reject(new StateFault('storage', 'the store is away'));
    expect(await invoke({ gate, evidence, handler, operation: { access: atLeast('viewer') } })).toMatchObject({
      kind: 'problem',
      problem: { kind: problems.unavailable },
    });
  });

  it.each(['safe', 'idempotent', 'once'] as const)(
    'ends at its time limit, heard or not, when it is %s',
    async (idempotency) => {
      const aborted: unknown[] = [];
      for (const heard of [true, false]) {
        const outcome = await invoke({
          operation: { idempotency, timeout: 5 },
          handler: ({ signal }) =>
            new Promise((_resolve, reject) => {
              if (heard) {
                signal.addEventListener('abort', () => {
                  aborted.push(signal.reason);
                  reject(signal.reason as Error);
                });
              }
            }),
        });
        expect(outcome).toMatchObject({ kind: 'problem', problem: { kind: { status: 504 } } });
      }
      expect(aborted).toHaveLength(1);
    },
  );

  it('tells a handler that looks late that its time is over, and the log what went wrong after that', async () => {
    const log = recordingLogger();
    let goOn: () => void = () => undefined;
    const later = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const states: boolean[] = [];
    const outcome = await invoke({
      operation: { timeout: 5 },
      gate: new Gate([], log),
      handler: async (call) => {
        await later;
        states.push(call.signal.aborted);
        throw new Error('lost the way');
      },
    });
    expect(outcome).toMatchObject({ problem: { kind: problems.timeout } });
    goOn();
    await expect.poll(() => log.lines.map(({ message }) => message)).toContain('toy.do failed after its time was over');
    expect(states).toEqual([true]);
  });

  it('has all the time that it needs for a stream', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let goOn: () => void = () => undefined;
    const later = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const outcome = invoke({
      operation: { timeout: 1, output: { kind: 'stream', schema: z.unknown() } },
      handler: async () => {
        await later;
        return stream(none());
      },
    });
    await vi.advanceTimersByTimeAsync(3_600_000);
    goOn();
    expect((await outcome).kind).toBe('stream');
  });

  it('tells a stream where its reader left off', async () => {
    const outcome = await invoke({ handler: ({ resumeAfter }) => ok(resumeAfter), resumeAfter: '17' });
    expect(outcome).toMatchObject({ value: '17' });
  });
});

describe('who may call', () => {
  const device = ownDevice<Input>(({ id }) => id);
  const authenticators = [
    authenticator('bearer', 'user'),
    authenticator('signature', 'device'),
    authenticator('mutual', 'device'),
    authenticator('oidc', 'user'),
  ];
  const who = (access: Access<Input>, headers: Record<string, string>): Promise<Outcome> | Outcome =>
    invoke({
      operation: { access },
      authenticators,
      evidence: { headers },
      handler: ({ principal }) => ok(principal.id),
    });

  it.each([
    ['bearer', atLeast('viewer')],
    ['oidc', atLeast('viewer')],
    ['signature', device],
    ['mutual', device],
  ] as const)('is found by any authenticator of the kind that is asked for: %s', async (scheme, access) => {
    expect(await who(access, { [scheme]: 'press-7' })).toMatchObject({ value: 'press-7' });
  });

  it('is nobody by credentials of another kind, and is challenged for those that count', async () => {
    expect(await who(device, { bearer: 'press-7' })).toMatchObject({
      problem: { kind: { status: 401 } },
      challenges: ['signature', 'mutual'],
    });
    expect(await who(atLeast('viewer'), { mutual: 'x' })).toMatchObject({ challenges: ['bearer', 'oidc'] });
  });

  it('is who the first authenticator in order recognises; wrong credentials are not passed over', async () => {
    expect(await who(device, { mutual: 'other', signature: 'press-7' })).toMatchObject({ value: 'press-7' });
    expect(await who(device, { mutual: 'press-7', signature: 'wrong' })).toMatchObject({
      problem: { kind: { status: 401 } },
    });
  });

  it('is found by authenticators that take their time too', async () => {
    const slow: Authenticator = { ...authenticator('slow', 'device'), authenticate: async () => undefined };
    const outcome = await invoke({
      operation: { access: device },
      authenticators: [slow, ...authenticators],
      evidence: { headers: { mutual: 'press-7' } },
      handler: ({ principal }) => ok(principal.id),
    });
    expect(outcome).toMatchObject({ value: 'press-7' });
  });

  it('is nobody of another kind than the authenticator says it makes', async () => {
    const log = recordingLogger();
    const lying = { ...authenticator('lying', 'user'), makes: 'device' } as const;
    const outcome = await invoke({
      operation: { access: device },
      gate: new Gate([lying], log),
      evidence: { headers: { lying: 'press-7' } },
      handler: () => ok('in'),
    });
    expect(outcome).toMatchObject({ problem: { kind: { status: 500 } } });
  });

  it.each([
    ['safe', false],
    ['idempotent', true],
    ['once', true],
  ] as const)('is asked with a word on what the call does: %s', async (idempotency, changes) => {
    const seen: { changes: boolean }[] = [];
    await invoke({
      operation: { idempotency, access: atLeast('viewer') },
      authenticators: [authenticator('bearer', 'user', seen)],
      handler: () => empty,
    });
    expect(seen).toEqual([{ changes }]);
  });
});

describe('replies that are verified', () => {
  const missing = Object.freeze({ type: 'urn:toy:missing', title: 'Missing', status: 404, retryable: false });
  const output = { kind: 'value', schema: z.strictObject({ id: z.string(), name: z.string().optional() }) } as const;

  async function answer(operation: Going['operation'], handler: Handler<Input>): Promise<[Outcome, string]> {
    const log = recordingLogger();
    const gate = new Gate([], log, { verifyReplies: true });
    const outcome = await invoke({ ...(operation && { operation }), handler, gate });
    return [outcome, log.lines.map(({ message, fields }) => `${message} ${String(fields['error'])}`).join('\n')];
  }

  it.each<[string, Going['operation'], Handler<Input>]>([
    ['a value', { output }, () => ok({ id: 'a', name: undefined })],
    ['a value in time', { output }, async () => created({ id: 'a' })],
    [
      'a problem that is declared',
      { output, problems: [missing] },
      () => {
        throw new Problem(missing, 'none');
      },
    ],
    [
      'the contract’s own problems',
      { output },
      () => {
        throw new Problem(problems.semanticError, 'wrong');
      },
    ],
    [
      'a retryable form',
      { output },
      () => {
        throw new Problem({ ...problems.notAuthorized, retryable: true }, 'wait');
      },
    ],
  ])('pass as they were declared: %s', async (_what, operation, handler) => {
    const [outcome, log] = await answer(operation, handler);
    expect(outcome).not.toMatchObject({ problem: { kind: { status: 500 } } });
    expect(log).toBe('');
  });

  it.each<[string, Going['operation'], Handler<Input>]>([
    ['another value', { output }, () => ok({ id: 7 })],
    ['another value in time', { output }, async () => ok({ id: 'a', more: true })],
    ['another kind of reply', { output }, () => empty],
    [
      'another problem',
      { output },
      () => {
        throw new Problem(missing, 'none');
      },
    ],
    [
      'another problem in time',
      { output },
      async () => {
        throw new Problem(problems.conflict, 'taken');
      },
    ],
    [
      'another media type',
      { output: { kind: 'representation', mediaTypes: ['text/plain'] } },
      () => representation(new Uint8Array(), 'text/html'),
    ],
  ])('are a fault of ours otherwise: %s', async (_what, operation, handler) => {
    const [outcome, log] = await answer(operation, handler);
    expect(outcome).toMatchObject({ problem: { kind: { status: 500 } } });
    expect(log).toMatch(/^toy\.do failed/);
  });

  it('hold for each item of a stream', async () => {
    const [outcome, log] = await answer({ output: { kind: 'stream', schema: z.number() } }, () =>
      stream<unknown>(
        (async function* () {
          yield { data: 1 };
          yield { data: 'two' };
        })(),
      ),
    );
    const received: unknown[] = [];
    const read = async (): Promise<void> => {
      if (outcome.kind !== 'stream') throw new Error('no stream');
      for await (const { data } of outcome.items) received.push(data);
    };
    await expect(read()).rejects.toThrow('toy.do');
    expect(received).toEqual([1]);
    expect(log).toBe('');
  });
});

describe('a rate limit', () => {
  it('counts wrong credentials as calls of the address that they come from', async () => {
    const limiter = new RateLimiter({ perSecond: 1, burst: 2 }, manualClock());
    const gate = new Gate([authenticator('key', 'user')], silentLogger(), { limiter });
    const from = async (peer: string, key: string): Promise<number | string> => {
      const evidence = { peer, headers: { key } };
      const operation = { access: atLeast('viewer') };
      const outcome = await invoke({ operation, handler: () => ok({}), evidence, gate });
      return outcome.kind === 'problem' ? outcome.problem.kind.status : outcome.kind;
    };
    expect([await from('a', 'wrong'), await from('a', 'wrong'), await from('a', 'wrong')]).toEqual([401, 401, 429]);
    expect([await from('b', 'wrong'), await from('b', 'me')]).toEqual([401, 'value']);
  });
});

it('a store that cannot be written to is no fault of the call: it may come again', async () => {
  const outcome = await invoke({
    handler: () => {
      throw new StateFault('full', 'no space left');
    },
  });
  expect(outcome).toMatchObject({ problem: { kind: problems.unavailable, retryAfterSeconds: 10 } });
});

it.for([
  new EventFault('away', 'Redis is away'),
  new LockFault('away', 'Redis is away'),
  new QueueFault('full', 'Redis is full'),
])('%s is no fault of the call either', async (fault) => {
  const outcome = await invoke({
    handler: () => {
      throw fault;
    },
  });
  expect(outcome).toMatchObject({ problem: { kind: problems.unavailable, retryAfterSeconds: 10 } });
});
