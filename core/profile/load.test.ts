// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text under test is the profile's, no template
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineProvider, defineVendor, StateProvider } from '../plugin/index.js';
import { DefinitionRegistry } from '../plugin/registry.js';
import { loadProfile, ProfileError, type ResolvedProfile } from './index.js';
import { HostStatus, testRegistry } from './testdata/definitions.js';

function load(text: string, env: Record<string, string> = {}, registry = testRegistry()): Promise<ResolvedProfile> {
  const readFile = () => Promise.resolve(text);
  return loadProfile('wfm.yaml', { env, registry, hostVersion: '0.1.0', hostRefs: [HostStatus], readFile });
}

async function faultsOf(loading: Promise<unknown>): Promise<ProfileError> {
  const error = await loading.catch((thrown: unknown) => thrown);
  if (!(error instanceof ProfileError)) throw new Error('expected a ProfileError', { cause: error });
  return error;
}

const wfm = `
profile: wfm
plugins:
bindings:
  http:
    type: binding.http
    config:
      port: \${env:PORT:-9443}
      host: "\${env:HOST:-0}"
  local: { type: binding.http, serves: [system] }
vendors:
  operator: { type: vendor.operator, path: /nbi/v1 }
  system: { type: vendor.system }
managers:
  instances: { type: manager.instance, uses: { store: store } }
  mirror: { type: manager.mirror }
  catalog: { type: manager.catalog, uses: { registry: two, store: cache } }
providers:
  cache: { type: state.cached, uses: { behind: store } }
  store: { type: state.sqlite, config: }
  one: &harbor { type: registry.harbor, config: { url: https://one.example, project: plant } }
  two: *harbor
host: { replies: store }
`;

describe('loadProfile', () => {
  it('puts every entry after all that it uses, bindings last, and otherwise keeps the order of the file', async () => {
    const { entries } = await load(wfm);
    expect(entries.map(({ name }) => name)).toEqual([
      'store',
      'cache',
      'two',
      'catalog',
      'instances',
      'operator',
      'system',
      'one',
      'mirror',
      'http',
      'local',
    ]);
  });

  it('wires by name, by itself, to all, to the host and to nothing', async () => {
    const { entries } = await load(wfm);
    const wiring = Object.fromEntries(entries.map((entry) => [entry.name, entry.wiring]));
    expect(wiring).toMatchObject({
      cache: { behind: 'store' },
      catalog: { store: 'cache', registry: 'two' },
      instances: { store: 'store', catalog: 'catalog', events: undefined },
      mirror: { from: ['one', 'two'] },
      operator: { instances: 'instances' },
      system: { status: { host: 'host-status' } },
    });
    expect(wiring['instances']).toHaveProperty('events');
  });

  it('keeps the order of names that an `every` use lists, each once', async () => {
    const { entries } = await load(
      wfm.replace('manager.mirror }', 'manager.mirror, uses: { from: [two, one, two] } }'),
    );
    expect(entries.find(({ name }) => name === 'mirror')?.wiring).toEqual({ from: ['two', 'one'] });
  });

  it('does not offer an entry to itself', async () => {
    const text = 'profile: p\nproviders:\n  a: { type: state.memory }\n  b: { type: state.cached }\n';
    const { entries } = await load(text);
    expect(entries.find(({ name }) => name === 'b')?.wiring).toEqual({ behind: 'a' });
  });

  it('fills in defaults', async () => {
    const profile = await load(wfm);
    expect(profile).toMatchObject({
      name: 'wfm',
      dataDir: resolve('data/wfm'),
      host: { deadlines: { start: 30_000, drain: 10_000, stop: 10_000 }, log: { level: 'info', format: 'text' } },
    });
    const [http, local] = profile.entries.filter(({ slot }) => slot === 'bindings');
    expect(http).toMatchObject({ serves: ['operator', 'system'], config: { log: 'errors' } });
    expect(local).toMatchObject({ serves: ['system'] });
    expect(profile.entries.find(({ name }) => name === 'system')?.path).toBe('');
    expect(profile.entries.find(({ name }) => name === 'operator')?.path).toBe('/nbi/v1');
    expect(profile.entries.find(({ name }) => name === 'store')?.config).toEqual({});
  });

  it('reads host settings', async () => {
    const text = 'data: x/y\nhost: { deadlines: { start: 500ms, stop: 2m }, log: { format: json } }';
    const { host, dataDir } = await load(`${text}\nprofile: p\nproviders: { a: { type: state.memory } }`);
    expect(host).toEqual({
      deadlines: { start: 500, drain: 10_000, stop: 120_000 },
      log: { level: 'info', format: 'json' },
      // The only state there is.
      replies: 'a',
    });
    expect(dataDir).toBe(resolve('x/y'));
  });

  it('reads a plain substitution as YAML would have read the text, a quoted one as a string', async () => {
    const configOf = async (env: Record<string, string>) =>
      (await load(wfm, env)).entries.find(({ name }) => name === 'http')?.config;
    expect(await configOf({})).toMatchObject({ port: 9443, host: '0' });
    expect(await configOf({ PORT: '80', HOST: 'true' })).toMatchObject({ port: 80, host: 'true' });
    const { faults } = await faultsOf(load(wfm, { PORT: '[80]' }));
    expect(faults).toMatchObject([{ code: 'wrong-value', line: 8, column: 13, path: 'bindings.http.config.port' }]);
  });

  it('does not change the registry that it was given', async () => {
    const registry = testRegistry();
    const before = registry.list().length;
    const file = resolve(import.meta.dirname, 'testdata/valid/plugins.yaml');
    const { entries } = await loadProfile(file, { env: {}, registry, hostVersion: '0.1.0', hostRefs: [] });
    expect(entries.map(({ definition }) => definition.type)).toEqual(['state.hello', 'vendor.left', 'vendor.listed']);
    expect(registry.list()).toHaveLength(before);
  });

  it('reports a file that is not there, or is not text', async () => {
    const options = { env: {}, registry: testRegistry(), hostVersion: '0.1.0', hostRefs: [] };
    const missing = await faultsOf(loadProfile('nowhere/wfm.yaml', options));
    expect(missing.faults).toMatchObject([{ code: 'unreadable-file', file: 'nowhere/wfm.yaml', line: 1, column: 1 }]);
    const binary = await faultsOf(loadProfile(resolve(import.meta.dirname, 'testdata/utf-16.bin'), options));
    expect(binary.report()).toContain('it is not UTF-8 text');
  });
});

describe('secrets and schemas of all kinds', () => {
  const check = async (config: z.ZodType, text: string, env: Record<string, string> = {}) => {
    const registry = new DefinitionRegistry();
    const create = (): never => {
      throw new Error('nothing is made');
    };
    const definition = defineProvider({ port: StateProvider, type: 'state.x', version: '1.0.0', config, create });
    registry.add({ name: 'x', definitions: [definition] }, '0.1.0');
    return (
      await faultsOf(load(`profile: p\nproviders: { x: { type: state.x, config: ${text} } }`, env, registry))
    ).report();
  };

  it('keeps secrets out of the words of an author', async () => {
    const { secret } = await import('../plugin/index.js');
    const schema = z
      .object({ user: z.string(), pass: secret(z.string()) })
      .refine(() => false, { error: ({ input }) => `bad: ${JSON.stringify(input)}` });
    const report = await check(schema, '{ user: ann, pass: hunter2 }');
    expect(report).toContain('"user":"ann"');
    expect(report).not.toContain('hunter2');
  });

  it('keeps values of the environment out of the words of an author', async () => {
    const schema = z.object({ url: z.string().refine(() => false, { error: ({ input }) => `${input} is away` }) });
    const report = await check(schema, '{ url: "${env:URL}" }', { URL: 'https://ann:pw@h.example' });
    expect(report).toContain('*** is away, found a string from the environment (URL)');
  });

  it.each(['./a/../hunter2', 'hunter2', '@plant/hunter2'])(
    'keeps the name of a plugin that comes from the environment out of faults: %s',
    async (specifier) => {
      const text = 'profile: p\nplugins: ["${env:PLUGIN}", "./other"]\nproviders: {}';
      const report = (await faultsOf(load(text, { PLUGIN: specifier }))).report();
      expect(report).toContain('plugin-not-found');
      expect(report).not.toContain('hunter2');
      expect(report).toContain('"./other"');
    },
  );

  it('turns a schema that throws into a fault', async () => {
    const schema = z.object({ url: z.string().transform((text) => new URL(text).href) });
    expect(await check(schema, '{ url: nowhere }')).toContain('the check of this config failed itself: Invalid URL');
  });

  it('waits for a schema that needs time', async () => {
    const schema = z.object({ n: z.number().refine(async (n) => Promise.resolve(n > 1), 'expected more') });
    expect(await check(schema, '{ n: 1 }')).toContain('expected more, found 1');
  });

  it('knows keys through optional, default, lazy, intersection, pipe, tuple and record', async () => {
    const leaf = z.object({ a: z.number().optional() });
    const schema = z.object({
      deep: z.lazy(() => leaf.optional()).default({}),
      both: z.intersection(leaf, z.object({ b: z.number() })).optional(),
      pair: z.tuple([leaf, leaf]).optional(),
      many: z.record(z.string(), leaf).optional(),
      piped: leaf.transform((value) => value.a).optional(),
      loose: z.looseObject({ a: z.number() }).optional(),
      any: z.unknown(),
    });
    const report = await check(
      schema,
      '{ deep: { x: 1 }, both: { a: 1, b: 1, y: 1 }, pair: [{ a: 1 }, { z: 1 }], many: { k: { w: 1 } }, piped: { v: 1 }, loose: { a: 1, u: 1 }, any: { t: 1 } }',
    );
    expect([...report.matchAll(/unknown key "(.)"/g)].map(([, key]) => key)).toEqual(['x', 'y', 'z', 'w', 'v']);
  });

  it('reports a config whose check never ends, or cannot begin, at its entry', async () => {
    const registry = testRegistry();
    const never = z.object({}).refine(() => new Promise<boolean>(() => undefined));
    const broken = z.lazy((): z.ZodType => {
      throw new Error('no such schema');
    });
    const create = () => ({});
    const vendor = (type: string, config: z.ZodType) => defineVendor({ type, version: '1.0.0', config, create });
    const definitions = [vendor('vendor.never', never), vendor('vendor.broken', broken)];
    registry.add({ name: 'endless', definitions }, '0.1.0');
    const text = 'profile: p\nvendors:\n  one: { type: vendor.never }\n  two: { type: vendor.broken }\n';
    const readFile = () => Promise.resolve(text);
    const options = { env: {}, registry, hostVersion: '0.1.0', hostRefs: [], readFile, checkLimit: 20 };
    const { faults } = await faultsOf(loadProfile('p.yaml', options));
    expect(faults.map(({ line, path, message }) => [line, path, message])).toEqual([
      [3, 'vendors.one.config', 'the check of this config failed itself: it took longer than 20 ms'],
      [4, 'vendors.two.config', 'the check of this config failed itself: no such schema'],
    ]);
  });
});
