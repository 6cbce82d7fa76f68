// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text under test is the profile's, no template
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import ajvFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configJsonSchema, profileJsonSchema, surveyProfile } from './index.js';
import { definitions, testRegistry } from './testdata/definitions.js';

const testdata = join(import.meta.dirname, 'testdata');
/** As an editor does: draft-07, with formats, all faults. */
const compile = (schema: object) => ajvFormats.default(new Ajv({ allErrors: true, strict: false })).compile(schema);
/** Paths at which a profile is faulty, to an editor. */
const faultsAt = (validate: ReturnType<typeof compile>, profile: unknown): string[] =>
  validate(profile) ? [] : [...new Set((validate.errors ?? []).map(({ instancePath }) => instancePath))];

describe('the JSON Schema of profiles', () => {
  const schema = profileJsonSchema(testRegistry());
  const validate = compile(schema);

  it('is draft-07 and accepts what a profile may say', () => {
    expect(schema.$schema).toBe('http://json-schema.org/draft-07/schema#');
    const profile = {
      profile: 'wfm',
      plugins: ['./a', { from: './b', integrity: `sha512-${'A'.repeat(86)}==` }],
      providers: { store: { type: 'state.sqlite', config: { file: 'x' } }, any: { type: 'state.${env:STATE}' } },
      managers: { instances: { type: 'manager.instance', uses: { store: 'store' } } },
      vendors: { operator: { type: 'vendor.operator', path: '/x' } },
      bindings: { http: { type: 'binding.http', config: { port: '${env:PORT}' }, serves: ['operator'] } },
    };
    expect(faultsAt(validate, profile)).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['an unknown top-level key', { profile: 'p', provider: {} }, ''],
    [
      'an unknown config key',
      { profile: 'p', providers: { a: { type: 'state.sqlite', config: { fil: 'x' } } } },
      '/providers/a/config',
    ],
    ['an unknown type', { profile: 'p', providers: { a: { type: 'state.nowhere' } } }, '/providers/a/type'],
    ['a type in the wrong slot', { profile: 'p', managers: { a: { type: 'state.sqlite' } } }, '/managers/a/type'],
    [
      'an unknown use',
      { profile: 'p', managers: { a: { type: 'manager.ping', uses: { pang: 'x' } } } },
      '/managers/a/uses',
    ],
    [
      'a pin that is none',
      { profile: 'p', plugins: [{ from: './a', integrity: 'sha1-AA==' }] },
      '/plugins/0/integrity',
    ],
    ['a pin of nothing', { profile: 'p', plugins: [{ integrity: 'sha512-AA==' }] }, '/plugins/0'],
    ['a profile without a name', {}, ''],
  ])('refuses %s', (_, profile, path) => {
    expect(faultsAt(validate, profile)).toContain(path);
  });

  const read = (file: string): unknown => parse(readFileSync(join(testdata, file), 'utf8'));

  it('accepts every valid profile of the test data, by the plugins that it names', async () => {
    const files = readdirSync(join(testdata, 'valid'));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const options = { env: {}, registry: testRegistry(), hostVersion: '0.1.0' };
      const { registry, error } = await surveyProfile(join(testdata, 'valid', file), options);
      expect(error).toBeUndefined();
      expect(faultsAt(compile(profileJsonSchema(registry)), read(`valid/${file}`)), file).toEqual([]);
    }
  });

  it.each([
    ['config-faults.yaml', ['/providers/harbor/config/url', '/bindings/http/config/port']],
    ['missing-keys.yaml', ['', '/providers/harbor', '/providers/other/config', '/providers/third']],
    ['names.yaml', ['/profile', '/providers']],
    ['pins.yaml', ['/plugins/2/integrity', '/plugins/4/integrity', '/plugins/9', '/plugins/11']],
    ['unknown-top-level.yaml', ['']],
    ['unknown-type.yaml', ['/providers/store/type']],
    ['wrong-kind.yaml', ['/managers/store/type', '/bindings/operator/type']],
    ['wrong-types.yaml', ['/plugins']],
  ])('refuses %s where it is faulty', (file, paths) => {
    expect(faultsAt(validate, read(`faulty/${file}`))).toEqual(expect.arrayContaining(paths));
  });

  it('proposes the entries that fit, and takes others', () => {
    const entries = [
      { name: 'store', type: 'state.sqlite' },
      { name: 'cache', type: 'state.memory' },
      { name: 'bus', type: 'events.memory' },
    ];
    const proposing = profileJsonSchema(testRegistry(), entries);
    expect(JSON.stringify(proposing)).toContain('"enum":["store","cache"]');
    const profile = { profile: 'p', managers: { a: { type: 'manager.instance', uses: { store: 'later' } } } };
    expect(faultsAt(compile(proposing), profile)).toEqual([]);
  });

  it('marks secrets', () => {
    const harbor = definitions.find(({ type }) => type === 'registry.harbor');
    if (!harbor) throw new Error('no such definition');
    expect(configJsonSchema(harbor)).toMatchObject({ properties: { password: { type: 'string', writeOnly: true } } });
  });
});
