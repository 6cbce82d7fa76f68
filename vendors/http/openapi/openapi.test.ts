import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, it } from 'vitest';
import { readProfile } from '../../../cli/profile.js';
import { describeBindings } from '../../../core/host/index.js';
import type { MountedOperation } from '../../../core/operation/index.js';
import {
  anyone,
  atLeast,
  defineOperation,
  empty,
  type Operation,
  Problem,
  problems,
  secret,
  serve,
  z,
} from '../../../core/plugin/index.js';
import { type Described, type OpenApi, openApi } from './index.js';

const base = { summary: 'Does something', problems: [], access: anyone, idempotency: 'safe' } as const;
const text = z.string();
const shape = z.object({ size: z.number().default(1).describe('In metres') }).meta({ id: 'Shape' });

function mounted(operation: object, more: Partial<MountedOperation> = {}): MountedOperation {
  return {
    ...serve({ ...base, ...operation } as unknown as Operation, () => empty),
    vendor: 'toy',
    prefix: '/toys',
    ...more,
  };
}

function describing(operations: readonly MountedOperation[], more: Partial<Described> = {}): OpenApi {
  return openApi({ title: 'toys', version: '1.0.0', servers: ['/'], operations, schemes: () => [], ...more });
}

async function expectValid(document: OpenApi): Promise<void> {
  // What it validates is what a reader gets.
  const read = JSON.parse(JSON.stringify(document)) as Record<string, unknown>;
  expect(await new Validator().validate(read)).toEqual({ valid: true });
  // Every reference leads somewhere.
  for (const [, pointer] of JSON.stringify(document).matchAll(/"\$ref":"#([^"]+)"/g)) {
    const found = (pointer ?? '')
      .split('/')
      .slice(1)
      .reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], read);
    expect({ pointer, found }).toEqual({ pointer, found: expect.anything() });
  }
}

/** Ids of the operations that are there under their own path. */
function idsIn({ paths }: OpenApi): string[] {
  return Object.values(paths).flatMap((item) =>
    Object.values(item).flatMap((operation) => (operation as { operationId?: string }).operationId ?? []),
  );
}

interface OperationObject {
  readonly parameters: readonly { readonly name?: string; readonly $ref?: string }[];
  readonly requestBody?: { readonly required: boolean; readonly content: Record<string, { schema: unknown }> };
  readonly responses: Readonly<Record<string, { readonly $ref?: string; readonly content?: object }>>;
  readonly security: readonly object[];
  readonly description: string;
}

function at(document: OpenApi, path: string, method: string): OperationObject {
  return document.paths[path]?.[method] as OperationObject;
}

it('describes a whole fleet manager, every operation of it', async () => {
  const [http] = describeBindings(await readProfile('config/wfm.yaml'));
  const document = describing(http?.operations ?? [], { schemes: (kinds) => http?.gate.schemes(kinds) ?? [] });
  await expectValid(document);
  expect(idsIn(document).toSorted()).toEqual(http?.operations.map(({ operation }) => operation.id).toSorted());
  expect(idsIn(document).length).toBeGreaterThan(20);
  expect(document.components['securitySchemes']).toMatchObject({
    bearer: { type: 'http', scheme: 'bearer' },
    signature: { type: 'apiKey', in: 'header', name: 'Signature' },
  });
  const create = at(document, '/nbi/v1/app-deployments', 'post');
  expect(create.security).toEqual([{ bearer: [] }]);
  expect(create.description).toContain('role operator');
  expect(create.parameters).toContainEqual({ $ref: '#/components/parameters/Idempotency-Key' });
  const manifest = at(document, '/api/v1/clients/{clientId}/deployments', 'get');
  expect(manifest.security).toEqual([{ signature: [] }]);
  expect(Object.keys(manifest.responses)).toEqual(expect.arrayContaining(['200', '304', '429', '503']));
  // In the words of the device API, which are not those of the operator's.
  expect(manifest.responses['401']?.$ref).toContain('signature-verification-failed');
});

it('takes an input apart as its HTTP shape has it', async () => {
  const input = z.strictObject({
    id: text,
    times: z.coerce.number().int().max(5).default(2).describe('How often'),
    text,
    loud: z.boolean().optional(),
  });
  const document = describing([
    mounted({
      id: 'toy.say',
      idempotency: 'once',
      input,
      output: { kind: 'value', schema: text },
      http: { method: 'POST', path: '/{id}', query: ['times'] },
    }),
    mounted({
      id: 'toy.put',
      idempotency: 'idempotent',
      input: z.object({ id: text, document: shape }),
      output: { kind: 'empty' },
      http: { method: 'PUT', path: '/{id}', body: 'document' },
    }),
    mounted({
      id: 'toy.touch',
      idempotency: 'idempotent',
      input: z.strictObject({ id: text }),
      output: { kind: 'empty' },
      http: { method: 'POST', path: '/{id}/touch' },
    }),
  ]);
  await expectValid(document);
  const say = at(document, '/toys/{id}', 'post');
  expect(say.parameters.slice(0, 2)).toEqual([
    { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
    {
      name: 'times',
      in: 'query',
      required: false,
      description: 'How often',
      schema: { type: 'integer', default: 2, maximum: 5, minimum: Number.MIN_SAFE_INTEGER },
    },
  ]);
  expect(say.requestBody).toEqual({
    required: true,
    content: {
      'application/json': {
        schema: {
          type: 'object',
          properties: { text: { type: 'string' }, loud: { type: 'boolean' } },
          required: ['text'],
          additionalProperties: false,
        },
      },
    },
  });
  expect(at(document, '/toys/{id}', 'put').requestBody?.content['application/json']?.schema).toEqual({
    $ref: '#/components/schemas/Shape',
  });
  expect(at(document, '/toys/{id}/touch', 'post').requestBody).toBeUndefined();
});

it('keeps shared schemas once, as what is taken and what is given where these are not the same', async () => {
  const tree = z.object({
    name: text,
    get below() {
      return z.array(tree);
    },
  });
  const plain = z.strictObject({ text }).meta({ id: 'Plain' });
  const document = describing([
    mounted({
      id: 'toy.change',
      input: z.object({ shape, plain, tree, again: shape.optional() }),
      output: { kind: 'value', schema: z.object({ shape, plain, token: secret(z.string()) }) },
      http: { method: 'POST', path: '/change' },
    }),
  ]);
  await expectValid(document);
  expect(document.components['schemas']).toMatchObject({
    Shape: { required: ['size'], properties: { size: { default: 1, description: 'In metres' } } },
    ShapeInput: { properties: { size: { default: 1, description: 'In metres' } } },
    Plain: { type: 'object' },
  });
  expect(document.components['schemas']).not.toHaveProperty('PlainInput');
  expect(document.components['schemas']?.['ShapeInput']).not.toHaveProperty('required');
  expect(JSON.stringify(document)).toContain('"token":{"type":"string","format":"password"}');
});

it('has a path for each alias, and one for templates that are the same but for their names', async () => {
  const input = z.object({ id: text, path: text, other: text });
  const output = { kind: 'empty' } as const;
  const document = describing([
    mounted({ id: 'a.get', input, output, http: { method: 'GET', path: '/a/{id}', aliases: ['/b/{id}'] } }),
    mounted({ id: 'b.delete', input, output, http: { method: 'DELETE', path: '/b/{other}' } }),
    mounted({ id: 'b.rest', input, output, http: { method: 'GET', path: '/b/{path+}' } }),
    mounted({ id: 'c.rest', input, output, http: { method: 'GET', path: '/c/{path+}' } }),
  ]);
  await expectValid(document);
  expect(Object.keys(document.paths)).toEqual(['/toys/a/{id}', '/toys/b/{id}', '/toys/b/{path+}', '/toys/c/{path}']);
  expect(idsIn(document)).toEqual(['a.get', 'b.delete', 'b.rest', 'c.rest']);
  expect(at(document, '/toys/b/{id}', 'get').description).toMatch(/^The same as `a\.get` at \/toys\/a\/\{id\}\./);
  expect(at(document, '/toys/b/{id}', 'delete').parameters[0]).toMatchObject({ name: 'id', in: 'path' });
  expect(at(document, '/toys/c/{path}', 'get').parameters[0]).toMatchObject({ name: 'path', in: 'path' });
});

it('describes each kind of answer', async () => {
  const input = z.object({});
  const document = describing([
    mounted({
      id: 'toy.value',
      input,
      output: { kind: 'value', schema: shape },
      http: { method: 'GET', path: '/value' },
    }),
    mounted({
      id: 'toy.bytes',
      input,
      output: { kind: 'representation', mediaTypes: ['text/plain; charset=utf-8', 'application/x-toy'] },
      http: { method: 'GET', path: '/bytes' },
    }),
    mounted({
      id: 'toy.stream',
      input,
      output: { kind: 'stream', schema: z.number() },
      http: { method: 'GET', path: '/stream' },
    }),
    mounted({
      id: 'toy.change',
      idempotency: 'once',
      input,
      output: { kind: 'value', schema: shape },
      http: { method: 'POST', path: '/value' },
    }),
  ]);
  await expectValid(document);
  const good = (path: string, method = 'get'): string[] =>
    Object.keys(at(document, `/toys/${path}`, method).responses).filter((status) => /^[23]/.test(status));
  expect(good('value')).toEqual(['200', '304']);
  expect(good('value', 'post')).toEqual(['204', '2XX']);
  expect(good('stream')).toEqual(['200']);
  const { responses, parameters } = at(document, '/toys/stream', 'get');
  expect(responses['200']?.content).toEqual({ 'text/event-stream': { schema: { type: 'number' } } });
  expect(parameters).toContainEqual({ $ref: '#/components/parameters/Last-Event-ID' });
  expect(Object.keys(at(document, '/toys/bytes', 'get').responses['200']?.content ?? {})).toEqual([
    'text/plain; charset=utf-8',
    'application/x-toy',
  ]);
});

it('has the problems that an operation can answer, in the words of its vendor', async () => {
  const input = z.object({});
  const output = { kind: 'empty' } as const;
  const document = describing([
    mounted({ id: 'toy.free', input, output, http: { method: 'GET', path: '/free' } }),
    mounted(
      {
        id: 'toy.guarded',
        input,
        output,
        access: atLeast('viewer'),
        problems: [problems.preconditionFailed],
        idempotency: 'once',
        http: { method: 'POST', path: '/guarded' },
      },
      { present: ({ kind, detail }) => new Problem({ ...kind, type: `https://toys.example/${kind.status}` }, detail) },
    ),
  ]);
  await expectValid(document);
  const refusals = (path: string, method: string): string[] =>
    Object.keys(at(document, path, method).responses).filter((status) => /^[45]/.test(status));
  expect(refusals('/toys/free', 'get')).toEqual(['400', '422', '429', '500', '503', '504']);
  const expected = ['400', '401', '403', '408', '409', '412', '413', '415', '422', '429', '500', '503', '504'];
  expect(refusals('/toys/guarded', 'post')).toEqual(expected);
  const guarded = at(document, '/toys/guarded', 'post');
  expect(guarded.parameters).toContainEqual({ $ref: '#/components/parameters/If-Match' });
  const reference = guarded.responses['412']?.$ref?.split('/').at(-1) ?? '';
  expect(document.components['responses']?.[reference]).toMatchObject({
    description: 'A precondition does not hold (https://toys.example/412)',
  });
});

it('lists every way to authenticate as an alternative', () => {
  const input = z.object({});
  const operation = { id: 'toy.both', input, output: { kind: 'empty' }, http: { method: 'GET', path: '/' } };
  const document = describing(
    [mounted({ ...operation, access: { ...anyone, kinds: ['user', 'device'], rule: 'whoever is known' } })],
    {
      schemes: (kinds) =>
        kinds.map((kind) => ({ scheme: kind === 'user' ? 'Bearer' : 'signature', challenge: 'as told' })),
    },
  );
  expect(at(document, '/toys/', 'get').security).toEqual([{ Bearer: [] }, { signature: [] }]);
});

it('gives the same document for the same operations', () => {
  const operation = defineOperation({
    ...base,
    id: 'toy.get',
    input: z.object({}),
    output: { kind: 'value', schema: shape },
    http: { method: 'GET', path: '/' },
  });
  const make = (): string => JSON.stringify(describing([mounted(operation)]));
  expect(make()).toBe(make());
});
