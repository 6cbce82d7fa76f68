// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text under test is the profile's, no template
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { configJsonSchema, profileJsonSchema } from './index.js';
import { definitions, testRegistry } from './testdata/definitions.js';

describe('the JSON Schema of profiles', () => {
  const schema = profileJsonSchema(testRegistry());
  const validator = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);

  it('is draft-07 and accepts what a profile may say', () => {
    expect(schema.$schema).toBe('http://json-schema.org/draft-07/schema#');
    const profile = {
      profile: 'wfm',
      providers: { store: { type: 'state.sqlite', config: { file: 'x' } } },
      managers: { instances: { type: 'manager.instance', uses: { store: 'store' } } },
      vendors: { operator: { type: 'vendor.operator', path: '/x' } },
      bindings: { http: { type: 'binding.http', config: { port: '${env:PORT}' }, serves: ['operator'] } },
    };
    expect(validator.safeParse(profile).error).toBeUndefined();
  });

  it.each([
    ['an unknown top-level key', { profile: 'p', provider: {} }],
    ['an unknown config key', { profile: 'p', providers: { a: { type: 'state.sqlite', config: { fil: 'x' } } } }],
    ['an unknown type', { profile: 'p', providers: { a: { type: 'state.nowhere' } } }],
    ['a type in the wrong slot', { profile: 'p', managers: { a: { type: 'state.sqlite' } } }],
    ['an unknown use', { profile: 'p', managers: { a: { type: 'manager.ping', uses: { pang: 'x' } } } }],
    ['a profile without a name', {}],
  ])('refuses %s', (_, profile) => {
    expect(validator.safeParse(profile).success).toBe(false);
  });

  it('marks secrets', () => {
    const harbor = definitions.find(({ type }) => type === 'registry.harbor');
    if (!harbor) throw new Error('no such definition');
    expect(configJsonSchema(harbor)).toMatchObject({ properties: { password: { type: 'string', writeOnly: true } } });
  });
});
