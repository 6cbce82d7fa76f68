import { expect, it, describe as suite } from 'vitest';
import { anyone, defineOperation, type Operation, z } from '../../../core/plugin/index.js';
import { assignNumbers } from './lock.js';
import type { ProtoField } from './model.js';
import { printProto } from './print.js';
import { describe } from './schema.js';

function operation(input: z.ZodType, output: Operation['output'] = { kind: 'empty' }, id = 'toy.make'): Operation {
  return defineOperation({
    id,
    summary: 'Makes something',
    input,
    output,
    problems: [],
    access: anyone,
    idempotency: 'once',
    http: { method: 'POST', path: '/' },
  }) as unknown as Operation;
}

const request = 'tutti.v1.ToyMakeRequest';

/** The fields of the input, or of one message within it, as `shape type`. */
function fieldsOf(input: z.ZodType, message = ''): Record<string, string> {
  const fields = describe([{ operation: operation(input) }]).messages.get(request + message)?.fields ?? [];
  const form = ({ shape, type }: ProtoField): string => (shape === 'single' ? type : `${shape} ${type}`);
  return Object.fromEntries(fields.map((field) => [field.json, form(field)]));
}

suite('the form of operations over gRPC', () => {
  it('has a type for every scalar, and text for sets of texts', () => {
    expect(
      fieldsOf(
        z.strictObject({
          text: z.string().min(1),
          set: z.enum(['a', 'b']),
          literal: z.literal('a'),
          flag: z.boolean().optional(),
          whole: z.number().int(),
          number: z.number(),
          coerced: z.coerce.number().int().default(1),
          either: z.union([z.literal('a'), z.string()]),
          eitherNumber: z.union([z.int(), z.number()]),
        }),
      ),
    ).toEqual({
      text: 'string',
      set: 'string',
      literal: 'string',
      flag: 'bool',
      whole: 'int64',
      number: 'double',
      coerced: 'int64',
      either: 'string',
      eitherNumber: 'double',
    });
  });

  it('gives lists and records presence where they may be missing', () => {
    const input = z.strictObject({
      list: z.array(z.string()),
      maybe: z.array(z.int()).optional(),
      lists: z.array(z.array(z.string())),
      record: z.record(z.string(), z.string()),
      maybeRecord: z.record(z.string(), z.boolean()).optional(),
      open: z.record(z.string(), z.unknown()).optional(),
      records: z.array(z.record(z.string(), z.string())),
    });
    expect(fieldsOf(input)).toEqual({
      list: 'repeated string',
      maybe: `${request}.MaybeList`,
      lists: 'repeated google.protobuf.Value',
      record: 'map string',
      maybeRecord: `${request}.MaybeRecordMap`,
      open: 'google.protobuf.Struct',
      records: 'repeated google.protobuf.Struct',
    });
    expect(fieldsOf(input, '.MaybeList')).toEqual({ items: 'repeated int64' });
    expect(fieldsOf(input, '.MaybeRecordMap')).toEqual({ entries: 'map bool' });
  });

  it('makes messages of objects, and of unions of objects one with the fields of all', () => {
    const input = z.strictObject({
      inner: z.object({ a: z.string() }),
      either: z.discriminatedUnion('type', [
        z.strictObject({ type: z.literal('a'), list: z.array(z.string()) }),
        z.strictObject({ type: z.literal('b'), list: z.array(z.string()), n: z.number() }),
      ]),
      loose: z.looseObject({ a: z.string() }),
      nothing: z.strictObject({}),
    });
    expect(fieldsOf(input)).toEqual({
      inner: `${request}.Inner`,
      either: `${request}.Either`,
      loose: `${request}.Loose`,
      nothing: `${request}.Nothing`,
    });
    expect(fieldsOf(input, '.Either')).toEqual({ type: 'string', list: `${request}.Either.ListList`, n: 'double' });
    expect(fieldsOf(input, '.Loose')).toEqual({ a: 'string', '*': 'google.protobuf.Struct' });
    expect(fieldsOf(input, '.Nothing')).toEqual({});
  });

  it('takes anything where no type would be right', () => {
    type Tree = { kids: Tree[] };
    const tree: z.ZodType<Tree> = z.object({
      get kids() {
        return z.array(tree);
      },
    });
    const fields = fieldsOf(
      z.strictObject({
        unknown: z.unknown(),
        json: z.json(),
        nullable: z.string().nullable(),
        mixed: z.union([z.string(), z.number()]),
        tuple: z.tuple([z.string()]),
        tree,
      }),
    );
    expect(new Set(Object.values(fields).map((type) => type.replace('repeated ', '')))).toEqual(
      new Set(['google.protobuf.Value']),
    );
  });

  it('shares messages of schemas with an id, with a name of their own as inputs', () => {
    const thing = z.object({ id: z.string(), size: z.number().default(1) }).meta({ id: 'Thing' });
    const file = describe([
      { operation: operation(z.strictObject({ thing }), { kind: 'value', schema: thing }) },
      {
        operation: operation(
          z.strictObject({}),
          { kind: 'value', schema: z.object({ things: z.array(thing) }) },
          'toy.all',
        ),
      },
    ]);
    expect([...file.messages.keys()]).toEqual([
      'tutti.v1.Thing',
      'tutti.v1.ThingInput',
      'tutti.v1.ToyAllRequest',
      'tutti.v1.ToyAllResponse',
      request,
    ]);
    expect(file.services).toMatchObject([
      { name: 'tutti.v1.Toy', methods: [{ name: 'All' }, { name: 'Make', request, response: 'tutti.v1.Thing' }] },
    ]);
  });

  it('names both operations that would be one method', () => {
    const twice = { operation: operation(z.strictObject({})) };
    expect(() =>
      describe([
        { ...twice, vendor: 'one' },
        { ...twice, vendor: 'two' },
      ]),
    ).toThrow(/both one \(toy\.make\) and two \(toy\.make\) would be Toy\/Make over gRPC/);
  });

  it('is printed as a .proto with what a caller must know', () => {
    const file = describe([
      {
        operation: operation(
          z.strictObject({
            appName: z.string().describe('Of the thing'),
            kind: z.enum(['a', 'b']).default('a'),
            tags: z.array(z.string()).optional(),
            sizes: z.record(z.string(), z.int()),
            'x-odd': z.boolean().optional(),
          }),
          { kind: 'stream', schema: z.string() },
        ),
      },
    ]);
    const numbered = assignNumbers(file, { [request]: { 'appName: string': 7, 'gone: string': 3 } });
    expect(printProto(numbered.file)).toBe(`syntax = "proto3";

package tutti.v1;


service Toy {
  // Makes something.
  // Operation toy.make, each call has its own effect. For: anyone.
  rpc Make(ToyMakeRequest) returns (stream ToyMakeItem);
}

// One item of toy.make.
message ToyMakeItem {
  // Send that of the last item as the metadata last-event-id to go on after it.
  optional string id = 1;
  // What happened.
  optional string event = 2;
  optional string data = 3;
}

// Input of toy.make.
message ToyMakeRequest {
  reserved 3;
  // Of the thing. Required.
  optional string app_name = 7;
  // One of: a, b. Default: "a".
  optional string kind = 8;
  optional ToyMakeRequest.TagsList tags = 9;
  // Required.
  map<string, int64> sizes = 10;
  optional bool x_odd = 11 [json_name = "x-odd"];

  message TagsList {
    repeated string items = 1;
  }
}
`);
  });
});
