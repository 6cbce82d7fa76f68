import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { isMainThread, parentPort } from 'node:worker_threads';
import {
  anyone,
  capabilitiesOf,
  collection,
  componentDigest,
  defineManager,
  defineOperation,
  definePlugin,
  defineProvider,
  defineVendor,
  EventBus,
  eventType,
  ok,
  Problem,
  problems,
  put,
  ref,
  SecretFault,
  SecretProvider,
  StateProvider,
  type Subscription,
  serve,
  stream,
  TargetProvider,
  z,
} from 'tutti/plugin';

const misdeeds = [
  ...['none', 'spin', 'throw', 'exit', 'memory', 'reject', 'never', 'endless', 'chatter', 'foreign', 'abyss', 'block'],
  ...['promise', 'nothing'],
] as const;
type Misdeed = (typeof misdeeds)[number];

/** What a plugin should never do. */
async function misbehave(misdeed: Misdeed): Promise<void> {
  switch (misdeed) {
    case 'none':
      return;
    case 'spin':
      console.log('spinning');
      for (;;);
    case 'throw':
      throw new Error('thrown on purpose');
    case 'exit':
      process.exit(3);
      break;
    case 'memory': {
      const hoard: unknown[] = [];
      for (;;) hoard.push(new Array(100_000).fill(Math.random()));
    }
    case 'reject':
      void Promise.reject(new Error('nobody waits for this'));
      return setTimeout(60_000);
    case 'never':
      return new Promise(() => undefined);
    case 'endless':
      for (let part = 0; part < 64; part++) process.stdout.write('x'.repeat(65_536));
      return;
    case 'chatter':
      for (let line = 0; line < 20_000; line++) process.stdout.write('tick\n');
      return;
    case 'foreign':
      // As a library does that believes to be alone with its parent.
      for (const message of [null, 'ready', { kind: 'answer', id: 1 }]) {
        parentPort?.postMessage(message);
        process.send?.(message);
      }
      return;
    case 'abyss':
      // Not too deep to be sent, and too deep to be read where less is left of the stack.
      parentPort?.postMessage(deep(8_000));
      process.send?.(deep(3_000));
  }
}

/** Deeper than what an isolate may send. */
function deep(levels: number): object {
  let value = {};
  for (let level = 0; level < levels; level++) value = { value };
  return value;
}

const misdeed = z.enum(misdeeds).default('none').describe('What goes wrong');

const misbehaves = z.strictObject({
  create: misdeed,
  start: misdeed,
  drain: misdeed,
  stop: misdeed,
  health: misdeed,
  pipe: z.string().default('').describe('What it reads when it is to block'),
});

const echo = defineOperation({
  id: 'toy.echo',
  summary: 'Answers what it is given',
  input: z.strictObject({ text: z.string() }),
  output: { kind: 'value', schema: z.looseObject({ text: z.string() }) },
  problems: [problems.conflict],
  access: anyone,
  idempotency: 'safe',
  http: { method: 'GET', path: '/echo', query: ['text'] },
});

const misdo = defineOperation({
  id: 'toy.misdo',
  summary: 'Does what it should not',
  input: z.strictObject({ what: misdeed }),
  output: { kind: 'value', schema: z.looseObject({}) },
  problems: [],
  access: anyone,
  idempotency: 'once',
  http: { method: 'POST', path: '/misdo' },
});

const flood = defineOperation({
  id: 'toy.flood',
  summary: 'Logs without taking breath',
  input: z.strictObject({}),
  output: { kind: 'value', schema: z.looseObject({}) },
  problems: [],
  access: anyone,
  idempotency: 'once',
  http: { method: 'POST', path: '/flood' },
});

const dig = defineOperation({
  id: 'toy.dig',
  summary: 'Answers something deep',
  input: z.strictObject({ levels: z.coerce.number() }),
  output: { kind: 'value', schema: z.looseObject({}) },
  problems: [],
  access: anyone,
  idempotency: 'safe',
  http: { method: 'GET', path: '/dig', query: ['levels'] },
});

const tell = defineOperation({
  id: 'toy.tell',
  summary: 'Logs what cannot leave its thread',
  input: z.strictObject({ what: z.string() }),
  output: { kind: 'value', schema: z.looseObject({}) },
  problems: [],
  access: anyone,
  idempotency: 'once',
  http: { method: 'POST', path: '/tell' },
});

const count = defineOperation({
  id: 'toy.count',
  summary: 'Counts until nobody listens',
  input: z.strictObject({}),
  output: { kind: 'stream', schema: z.looseObject({ n: z.number() }) },
  problems: [],
  access: anyone,
  idempotency: 'safe',
  http: { method: 'GET', path: '/count' },
});

const vendor = defineVendor({
  type: 'vendor.toy',
  version: '1.0.0',
  summary: 'A vendor that can be told to misbehave',
  config: misbehaves,
  operations: [echo, misdo, flood, dig, tell, count],
  create: ({ config, log }) => {
    misbehaveNow(config.create);
    // What no TypeScript would let pass.
    if (config.create === 'promise') return Promise.resolve({}) as never;
    if (config.create === 'nothing') return undefined as never;
    return {
      start: () => misbehave(config.start),
      drain: () => misbehave(config.drain),
      stop: () => misbehave(config.stop),
      health: () => {
        misbehaveNow(config.health);
        return { status: 'ok' };
      },
      operations: [
        serve(echo, ({ input: { text }, correlationId }) => {
          if (text === 'conflict')
            throw new Problem(problems.conflict, 'told so', { errors: [{ field: 'text', message: 'no' }] });
          return ok({ text, correlationId, pid: process.pid, mainThread: isMainThread });
        }),
        serve(misdo, async ({ input: { what } }) => {
          await misbehave(what);
          // A file that nobody writes to yet holds up whoever reads it, in the midst of native code.
          if (what === 'block') readFileSync(config.pipe);
          return ok({});
        }),
        serve(dig, ({ input: { levels } }) => ok(deep(levels))),
        serve(tell, ({ input: { what } }) => {
          log.info(what, awkward());
          return ok({});
        }),
        serve(flood, () => {
          for (let line = 0; line < 50_000; line++) log.info('flooding', { line });
          return ok({});
        }),
        serve(count, ({ signal }) =>
          stream(
            (async function* () {
              for (let n = 0; !signal.aborted; n++) yield { data: { n } };
            })(),
          ),
        ),
      ],
    };
  },
});

/** Fields as libraries have them: functions, cycles, symbols, getters that throw. */
function awkward() {
  const request: Record<string, unknown> = { on: () => undefined, mark: Symbol('mark') };
  request.agent = { request };
  return {
    error: Object.assign(new Error('refused'), { request, config: { transform: [() => undefined] } }),
    request,
    get lazy(): unknown {
      throw new Error('not now');
    },
    n: 7,
  };
}

function misbehaveNow(what: Misdeed): void {
  if (what === 'throw') throw new Error('thrown on purpose');
  if (what === 'spin') for (;;);
  if (what === 'exit') process.exit(3);
}

const secretProvider = defineProvider({
  port: SecretProvider,
  type: 'secret.toy',
  version: '1.0.0',
  summary: 'Secrets that are their names',
  create: ({ log }) => ({
    get: async (name) => {
      log.info('asked', { name });
      if (name === 'none') throw new SecretFault('not-found', 'there is none');
      return `secret of ${name}`;
    },
  }),
});

const component = {
  deploymentType: 'custom',
  properties: z.looseObject({}),
  changes: { properties: ['*'], parameters: ['*'] },
};
const declares = { components: [component], dryRun: false, parallel: 1 };

const target = defineProvider({
  port: TargetProvider,
  type: 'target.toy',
  version: '1.0.0',
  summary: 'Runs nothing',
  declares,
  config: z.strictObject({ apply: misdeed }),
  create: ({ config }) => {
    const applied = new Map<string, string>();
    return {
      describe: async () =>
        capabilitiesOf(declares, { runtimes: ['custom'], facts: { cpus: [], memory: '1Gi', storage: '1Gi' } }),
      actual: async () =>
        [...applied].map(([id, digest]) => ({
          id,
          name: id,
          components: [{ name: 'only', phase: 'running' as const, applied: digest }],
        })),
      apply: async (application, _component, { progress, signal }) => {
        progress('begun');
        await misbehave(config.apply);
        if (application.name === 'waits') {
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
        }
        const [desired] = application.components;
        if (desired) applied.set(application.id, componentDigest(desired, component.changes));
        progress('done');
      },
      remove: async ({ id }) => void applied.delete(id),
      watch: async function* () {
        yield 'a';
        yield 'b';
      },
      logs: async () => ['line'],
    };
  },
});

const heard = eventType<{ n: number }>('toy.heard');
const told = eventType<{ n: number }>('toy.told');
const kept = collection<{ n: number }>('toy-kept');

/** A manager that only reacts: keeps what it hears and passes it on. */
const sink = defineManager({
  type: 'manager.toy-sink',
  version: '1.0.0',
  summary: 'Keeps what it hears, and passes it on',
  uses: { events: EventBus, state: StateProvider },
  create: ({ uses: { events, state } }) => {
    let subscription: Subscription | undefined;
    return {
      start: () => {
        subscription = events.subscribe(heard, 'toy', async ({ n }) => {
          await state.commit([put(kept, String(n), { n })]);
          await events.publish(told, { n });
        });
      },
      stop: () => subscription?.close(),
    };
  },
});

const asked = eventType<{ name: string }>('toy.asked');
const patient = eventType<{ over: boolean }>('toy.patient');
const answered = eventType<{ value: string }>('toy.answered');

/** A manager that asks its host for a secret, and tells how that stands when timers of its own have come and gone. */
const asker = defineManager({
  type: 'manager.toy-asker',
  version: '1.0.0',
  summary: 'Asks for secrets, and tells them',
  uses: { events: EventBus, secrets: SecretProvider },
  create: ({ uses: { events, secrets } }) => {
    let subscription: Subscription | undefined;
    return {
      start: () => {
        subscription = events.subscribe(asked, 'toy-asker', async ({ name }) => {
          let over = false;
          const value = secrets.get(name).catch(String);
          void value.then(() => {
            over = true;
          });
          // Longer than any timer that was set to nothing.
          await setTimeout(50);
          await events.publish(patient, { over });
          await events.publish(answered, { value: await value });
        });
      },
      stop: () => subscription?.close(),
    };
  },
});

/** Nothing says how its interface crosses over. */
export const Closed = ref<{ now(): number }>('manager.toy-closed');
const closed = defineManager({
  type: 'manager.toy-closed',
  version: '1.0.0',
  provides: Closed,
  summary: 'Answers at once',
  create: () => ({ now: () => 1 }),
});

const state = defineProvider({
  port: StateProvider,
  type: 'state.toy',
  version: '1.0.0',
  summary: 'Keeps nothing',
  create: () => {
    throw new Error('never made');
  },
});

const open = defineVendor({
  type: 'vendor.toy-open',
  version: '1.0.0',
  summary: 'Says only when it is made what it serves',
  create: () => ({ operations: [] }),
});

export default definePlugin('toy', [vendor, secretProvider, target, sink, asker, closed, state, open]);
