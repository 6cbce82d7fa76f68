import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { beforeAll, describe, expect, it } from 'vitest';
import { readProfile } from '../../../cli/profile.js';
import { describeBindings } from '../../../core/host/index.js';
import type { MountedOperation } from '../../../core/operation/index.js';
import type { StateProvider } from '../../../core/ports/index.js';
import { testContext } from '../../../core/testing/index.js';
import memory from '../../../providers/state/memory/index.js';
import { makeToys } from '../../../test/mqtt/toys.js';
import { asyncApi } from './index.js';
import type { Json } from './schemas.js';

let faultsOf: (document: Json) => unknown;

beforeAll(async () => {
  const schema = JSON.parse(
    await readFile(createRequire(import.meta.url).resolve('@asyncapi/specs/schemas/3.0.0.json'), 'utf8'),
  ) as Record<string, unknown>;
  // It brings the meta-schema along that it is written in.
  const ajv = new Ajv({ strict: false, allErrors: true, meta: false, validateSchema: false });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  // What it validates is what a reader gets.
  faultsOf = (document) => (validate(JSON.parse(JSON.stringify(document))) ? [] : validate.errors);
});

const describing = (operations: readonly MountedOperation[]): Json =>
  asyncApi({
    title: 'toys',
    version: '1.0.0',
    url: 'mqtts://broker.plant.example:8883',
    root: 'tutti',
    operations,
    schemes: (kinds) => kinds.map((kind) => ({ scheme: kind === 'user' ? 'Bearer' : 'signature', challenge: '' })),
  });

/** Every `$ref` in a document, and whether it leads anywhere. */
function danglingRefs(document: Json): string[] {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path ?? '');
  return refs.filter((path) => {
    let at: unknown = document;
    for (const step of path.split('/')) at = (at as Record<string, unknown> | undefined)?.[step];
    return at === undefined;
  });
}

describe('a description of what is offered over MQTT', () => {
  it('is valid AsyncAPI 3.0, for every kind of operation', async () => {
    const store = await testContext<StateProvider>(memory);
    const document = describing(makeToys(store.instance).surface.operations);
    await store.dispose();
    expect(faultsOf(document)).toEqual([]);
    expect(danglingRefs(document)).toEqual([]);
    expect(document).toMatchObject({
      channels: {
        'toy.add': { address: 'tutti/{name}/call/toy.add' },
        reply: { address: 'tutti/{name}/reply/{session}' },
        control: { address: 'tutti/{name}/control' },
      },
      operations: {
        'toy.add': { action: 'receive', reply: { channel: { $ref: '#/channels/reply' } } },
        'toy.forget': { security: [{ $ref: '#/components/securitySchemes/bearer' }] },
      },
      components: {
        messages: {
          'toy.add.call': { payload: { required: ['a'] } },
          'toy.add.reply': { payload: { properties: { sum: { type: 'number' } } } },
        },
      },
    });
  });

  it('is told to be invalid when it is', () => {
    expect(faultsOf({ ...describing([]), asyncapi: '2.0.0' })).not.toEqual([]);
  });

  it('is valid for all that a fleet manager offers', async () => {
    const [binding] = describeBindings(await readProfile('config/wfm.yaml'));
    const document = describing(binding?.operations ?? []);
    expect(faultsOf(document)).toEqual([]);
    expect(danglingRefs(document)).toEqual([]);
    expect(Object.keys(document['operations'] as Json)).toContain('packages.list');
  });
});
