import { z } from 'zod';
import {
  type Access,
  anyone,
  atLeast,
  defineOperation,
  ownDevice,
  type ProblemType,
  problems,
} from '../../../operation/index.js';

/** What a vendor of its own may declare beside the common problems. */
export const full: ProblemType = Object.freeze({
  type: 'https://toy.example/problems/full',
  title: 'Full',
  status: 409,
  retryable: true,
});

/** Either kind of caller, whoever it is. */
const known: Access<unknown> = Object.freeze<Access<unknown>>({
  kinds: ['user', 'device'],
  rule: 'any known caller',
  check: () => undefined,
});

const open = { problems: [], access: anyone, idempotency: 'safe' } as const;
const changing = { ...open, idempotency: 'idempotent' } as const;
const inner = z.strictObject({ a: z.string().optional() });
/** With rules that hold whatever a protocol's own types are: a message may have no way to say that a number is a text. */
const typed = z.strictObject({
  text: z.string().max(20).optional(),
  nothing: z.string().nullable().optional(),
  flag: z.boolean().optional(),
  count: z.number().max(1_000_000).optional(),
  whole: z.int().optional(),
  list: z.array(z.string().max(5)).optional(),
  map: z.record(z.string(), z.number()).optional(),
  inner: inner.optional(),
  inners: z.array(inner).optional(),
  choice: z.enum(['one', 'two']).optional(),
});
const number = z.coerce.number().int().min(0);
const item = z.object({ n: z.number(), text: z.string().optional() });

/**
 * A vendor that exists for the kit: one operation for each thing that a binding has to carry. Toys are shaped as real
 * operations are, with paths, queries, bodies, and fields of all types.
 */
export const toys = {
  echo: defineOperation({
    ...open,
    id: 'values.echo',
    summary: 'Answers the value that it is given',
    input: z.strictObject({ value: z.unknown() }),
    output: { kind: 'value', schema: z.object({ value: z.unknown() }) },
    http: { method: 'POST', path: '/values' },
  }),
  type: defineOperation({
    ...open,
    id: 'values.type',
    summary: 'Answers the fields that it is given, and their names',
    input: typed,
    output: { kind: 'value', schema: z.object({ given: typed, names: z.array(z.string()) }) },
    http: { method: 'POST', path: '/typed' },
  }),
  list: defineOperation({
    ...open,
    id: 'values.list',
    summary: 'Answers a list that is in no object',
    input: z.strictObject({ items: number }),
    output: { kind: 'value', schema: z.array(z.string()) },
    http: { method: 'GET', path: '/list', query: ['items'] },
  }),
  make: defineOperation({
    ...changing,
    id: 'things.make',
    summary: 'Says that it made something',
    input: z.strictObject({ id: z.string(), outcome: z.enum(['ok', 'created', 'accepted']) }),
    output: { kind: 'value', schema: z.object({ id: z.string() }) },
    http: { method: 'PUT', path: '/things/{id}' },
  }),
  forget: defineOperation({
    ...changing,
    id: 'things.forget',
    summary: 'Says nothing beyond success',
    input: z.strictObject({ id: z.string() }),
    output: { kind: 'empty' },
    http: { method: 'DELETE', path: '/things/{id}' },
  }),
  change: defineOperation({
    ...changing,
    id: 'things.change',
    summary: 'Answers the version that the caller believes to change',
    input: z.strictObject({ id: z.string() }),
    output: { kind: 'value', schema: z.object({ ifMatch: z.string().nullable() }) },
    http: { method: 'PATCH', path: '/things/{id}' },
  }),
  read: defineOperation({
    ...open,
    id: 'pages.read',
    summary: 'Answers bytes',
    input: z.strictObject({ name: z.string() }),
    output: {
      kind: 'representation',
      mediaTypes: ['application/octet-stream', 'text/plain; charset=utf-8', 'application/vnd.toy+json'],
    },
    http: { method: 'GET', path: '/pages/{name+}' },
  }),
  count: defineOperation({
    ...open,
    id: 'streams.count',
    summary: 'Answers numbers one after the other',
    input: z.strictObject({ from: number, to: number }),
    output: { kind: 'stream', schema: item },
    http: { method: 'GET', path: '/streams/count', query: ['from', 'to'] },
  }),
  feed: defineOperation({
    ...open,
    id: 'streams.feed',
    summary: 'Answers items, and ends as it is told',
    input: z.strictObject({
      key: z.string(),
      items: number,
      size: number,
      end: z.enum(['end', 'error', 'problem', 'wait']),
    }),
    output: { kind: 'stream', schema: item },
    http: { method: 'GET', path: '/streams/{key}', query: ['items', 'size', 'end'] },
  }),
  wait: defineOperation({
    ...open,
    id: 'calls.wait',
    summary: 'Answers when the kit lets it',
    input: z.strictObject({ key: z.string() }),
    output: { kind: 'value', schema: z.object({ key: z.string() }) },
    http: { method: 'POST', path: '/waits/{key}' },
  }),
  hurry: defineOperation({
    ...open,
    id: 'calls.hurry',
    summary: 'Has 100 milliseconds, and never answers',
    timeout: 100,
    input: z.strictObject({ key: z.string() }),
    output: { kind: 'value', schema: z.object({ key: z.string() }) },
    http: { method: 'POST', path: '/hurries/{key}' },
  }),
  turn: defineOperation({
    ...open,
    id: 'calls.turn',
    summary: 'Answers its number, the higher the sooner',
    input: z.strictObject({ n: z.number() }),
    output: { kind: 'value', schema: z.object({ n: z.number(), text: z.string() }) },
    http: { method: 'POST', path: '/turns' },
  }),
  once: defineOperation({
    ...open,
    id: 'effects.once',
    summary: 'Has an effect each time',
    idempotency: 'once',
    input: z.strictObject({ n: z.number() }),
    output: { kind: 'value', schema: z.object({ effects: z.number() }) },
    http: { method: 'POST', path: '/effects' },
  }),
  inspect: defineOperation({
    ...changing,
    id: 'evidence.inspect',
    summary: 'Answers what an authenticator is shown of the call',
    input: z.strictObject({ id: z.string(), q: z.string().optional(), text: z.string().optional() }),
    output: {
      kind: 'value',
      schema: z.object({
        method: z.string(),
        targetUri: z.string(),
        params: z.record(z.string(), z.string()),
        body: z.string().nullable(),
        peer: z.string().nullable(),
        note: z.string().nullable(),
        correlationId: z.string(),
      }),
    },
    http: { method: 'PUT', path: '/evidence/{id}', query: ['q'] },
  }),
  secret: defineOperation({
    ...open,
    id: 'secrets.tell',
    summary: 'For administrators',
    access: atLeast('admin'),
    input: z.strictObject({ n: z.number().max(100) }),
    output: { kind: 'value', schema: z.object({ caller: z.string() }) },
    http: { method: 'POST', path: '/secret' },
  }),
  either: defineOperation({
    ...open,
    id: 'secrets.share',
    summary: 'For anybody who is known',
    access: known,
    input: z.strictObject({}),
    output: { kind: 'value', schema: z.object({ caller: z.string() }) },
    http: { method: 'GET', path: '/shared' },
  }),
  note: defineOperation({
    ...changing,
    id: 'notes.write',
    summary: 'For the device itself',
    access: ownDevice<{ readonly device: string }>(({ device }) => device),
    input: z.strictObject({ device: z.string(), tag: z.string().optional(), text: z.string() }),
    output: { kind: 'value', schema: z.object({ caller: z.string(), text: z.string() }) },
    http: { method: 'PUT', path: '/devices/{device}/note', query: ['tag'] },
  }),
  glance: defineOperation({
    ...open,
    id: 'notes.read',
    summary: 'For the device itself, changing nothing',
    access: ownDevice<{ readonly device: string }>(({ device }) => device),
    input: z.strictObject({ device: z.string() }),
    output: { kind: 'value', schema: z.object({ caller: z.string() }) },
    http: { method: 'GET', path: '/devices/{device}/note' },
  }),
  refuse: defineOperation({
    ...open,
    id: 'problems.answer',
    summary: 'Answers a problem',
    problems: [...Object.values(problems), full],
    input: z.strictObject({ which: z.string() }),
    output: { kind: 'value', schema: z.object({}) },
    http: { method: 'POST', path: '/problems' },
  }),
  reword: defineOperation({
    ...open,
    id: 'problems.reword',
    summary: 'Answers a problem in words of its vendor',
    problems: [problems.conflict],
    input: z.strictObject({}),
    output: { kind: 'empty' },
    http: { method: 'POST', path: '/worded' },
  }),
  short: defineOperation({
    ...changing,
    id: 'limits.short',
    summary: 'Takes 1,024 bytes',
    bodyLimit: 1024,
    input: z.strictObject({ text: z.string() }),
    output: { kind: 'value', schema: z.object({ length: z.number() }) },
    http: { method: 'PUT', path: '/short' },
  }),
  long: defineOperation({
    ...changing,
    id: 'limits.long',
    summary: 'Takes 4 MiB',
    bodyLimit: 4 * 1024 * 1024,
    input: z.strictObject({ text: z.string() }),
    output: { kind: 'value', schema: z.object({ length: z.number() }) },
    http: { method: 'PUT', path: '/long' },
  }),
} as const;

/** Declared, and offered by nobody. */
export const absent = defineOperation({
  ...open,
  id: 'things.imagine',
  summary: 'Is not there',
  input: z.strictObject({}),
  output: { kind: 'value', schema: z.object({}) },
  http: { method: 'GET', path: '/imaginary' },
});

export type ToyName = keyof typeof toys | 'absent';
