import fc from 'fast-check';
import protobuf from 'protobufjs';
import { expect, it, describe as suite } from 'vitest';
import { canonicalJson } from '../../../core/json/canonical.js';
import { anyone, defineOperation, type Json, type Operation, z } from '../../../core/plugin/index.js';
import { codecs, Malformed, type MessageCodec, Misfit } from './codec.js';
import { assignNumbers } from './lock.js';
import { printProto } from './print.js';
import { describe } from './schema.js';

const input = z.strictObject({
  text: z.string().optional(),
  flag: z.boolean().optional(),
  whole: z.int().optional(),
  number: z.number().optional(),
  list: z.array(z.string()),
  numbers: z.array(z.int()).optional(),
  things: z.array(z.strictObject({ constructor: z.string().optional(), any: z.unknown() })).optional(),
  record: z.record(z.string(), z.number()),
  labels: z.record(z.string(), z.string()).optional(),
  open: z.record(z.string(), z.json()).optional(),
  any: z.json().optional(),
  nullable: z.string().nullable().optional(),
  loose: z.looseObject({ known: z.string().optional(), toString: z.int().optional() }).optional(),
  either: z
    .union([z.strictObject({ a: z.string(), list: z.array(z.boolean()) }), z.strictObject({ b: z.number() })])
    .optional(),
});

function fileOf(schema: z.ZodType) {
  const operation = defineOperation({
    id: 'toy.make',
    summary: 'Makes',
    input: schema,
    output: { kind: 'empty' },
    problems: [],
    access: anyone,
    idempotency: 'once',
    http: { method: 'POST', path: '/' },
  }) as unknown as Operation;
  return assignNumbers(describe([{ operation }]), {}).file;
}
const file = fileOf(input);
const codecOf = (schema: z.ZodType): MessageCodec => codecs(fileOf(schema))('tutti.v1.ToyMakeRequest');
const codec = codecOf(input);
const there = (value: unknown): unknown => codec.decode(codec.encode(value));

const text = fc.string({ unit: 'grapheme' });
const key = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', 'known'));
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const json = fc.jsonValue({ noUnicodeString: false }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const record = <T>(value: fc.Arbitrary<T>) => fc.dictionary(key, value, { maxKeys: 4 });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const values = fc
  .record({
    text: maybe(text),
    flag: maybe(fc.boolean()),
    whole: maybe(fc.maxSafeInteger()),
    number: maybe(number),
    list: fc.array(text),
    numbers: maybe(fc.array(fc.maxSafeInteger())),
    things: maybe(fc.array(fc.record({ constructor: maybe(text), any: maybe(json) }))),
    record: record(number),
    labels: maybe(record(text)),
    open: maybe(record(json)),
    any: maybe(json),
    nullable: maybe(fc.oneof(text, fc.constant(null))),
    loose: maybe(
      fc
        .tuple(fc.record({ known: maybe(text), toString: maybe(fc.maxSafeInteger()) }), record(json))
        .map(([own, more]) => ({
          ...Object.fromEntries(Object.entries(more).filter(([name]) => name !== 'known' && name !== 'toString')),
          ...own,
        })),
    ),
    either: maybe(fc.oneof(fc.record({ a: text, list: fc.array(fc.boolean()) }), fc.record({ b: number }))),
  })
  // In the form that JSON gives it: no undefined members, no -0.
  .map((value) => JSON.parse(JSON.stringify(value)) as unknown);

suite('JSON as messages', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(values, (value) => {
        // As texts: matchers have their own mind about members called constructor or __proto__.
        expect(canonicalJson(there(value) as Json)).toBe(canonicalJson(value as Json));
      }),
    );
  });

  it('is what a foreign library reads by the printed .proto', () => {
    const type = protobuf.parse(printProto(file), { keepCase: true }).root;
    // The parser leaves imports to its caller.
    for (const path of ['struct', 'empty']) {
      type.addJSON(protobuf.common.get(`google/protobuf/${path}.proto`)?.nested ?? {});
    }
    const foreign = type.resolveAll().lookupType('tutti.v1.ToyMakeRequest');
    const value = { text: '', whole: -5, list: ['a', ''], numbers: [], record: { x: 1.5 }, any: { a: [null, true] } };
    const read = foreign.toObject(foreign.decode(codec.encode(value)), { longs: Number });
    expect(read).toMatchObject({ text: '', whole: -5, list: ['a', ''], numbers: {}, record: { x: 1.5 } });
    const written = foreign.encode(foreign.fromObject({ ...read, numbers: { items: [1, -1, 2 ** 53 - 1] } })).finish();
    expect(codec.decode(written)).toEqual({ ...value, numbers: [1, -1, 2 ** 53 - 1] });
  });

  it('tells missing from empty', () => {
    expect(
      there({ list: [], record: {}, text: '', numbers: [], labels: {}, open: {}, any: null, nullable: null }),
    ).toEqual({ list: [], record: {}, text: '', numbers: [], labels: {}, open: {}, any: null, nullable: null });
    expect(there({ list: [], record: {} })).toEqual({ list: [], record: {} });
  });

  it('keeps members that are not declared, and lets none of them be more than a member', () => {
    const value = JSON.parse('{"list":[],"record":{},"loose":{"__proto__":{"bad":1},"constructor":2}}') as unknown;
    const back = there(value) as { loose: object };
    expect(JSON.stringify(back.loose)).toBe('{"__proto__":{"bad":1},"constructor":2}');
    expect('bad' in back.loose).toBe(false);
  });

  it('prefers the field of its own to an undeclared member of the same name', () => {
    const wide = codecOf(z.looseObject({ id: z.string().optional() }));
    const strange = codecOf(z.looseObject({ other: z.string().optional() }));
    // As an old client sends it, that knows of no field `id`: field 2 has the undeclared members in both.
    expect(wide.decode(strange.encode({ id: 'a' }))).toEqual({ id: 'a' });
    expect(wide.decode(Buffer.concat([strange.encode({ id: 'a' }), wide.encode({ id: 'b' })]))).toEqual({ id: 'b' });
  });

  it.each([
    [{ list: [], record: {}, text: 5 }, ['text'], 'expected a text, found a number'],
    [{ list: ['a', null], record: {} }, ['list', '1'], 'expected a text, found null'],
    [{ list: [], record: { a: 'x' } }, ['record', 'a'], 'expected a number, found a string'],
    [{ list: [], record: {}, whole: 1.5 }, ['whole'], 'expected a whole number, found the number 1.5'],
    [{ list: [], record: {}, loose: [] }, ['loose'], 'expected an object, found a list'],
  ])('says what does not fit: %j', (value, path, message) => {
    let fault: unknown;
    try {
      codec.encode(value);
    } catch (error) {
      fault = error;
    }
    expect(fault).toBeInstanceOf(Misfit);
    expect(fault).toMatchObject({ path, message });
  });

  it('refuses bytes that are no message, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          codec.decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Malformed);
        }
      }),
      { numRuns: 2000 },
    );
    expect(() => codec.decode(Buffer.from([0x0a, 0xff]))).toThrow(Malformed);
    // A text of one byte that is no UTF-8, and one that is.
    expect(() => codec.decode(Buffer.from([0x0a, 1, 0xc3]))).toThrow(/no UTF-8/);
    expect(codec.decode(Buffer.from('\x0a\x03\uFFFD'))).toMatchObject({ text: '\uFFFD' });
  });

  it('refuses what nests too deeply to be walked', () => {
    const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
    expect(there({ list: [], record: {}, any: deep(100) })).toEqual({ list: [], record: {}, any: deep(100) });
    expect(() => there({ list: [], record: {}, any: deep(1000) })).toThrow(/nests more than/);
  });
});
