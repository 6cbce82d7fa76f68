import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import ajvFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { commandLine } from '../../test/cli/command-line.js';

const run = commandLine();
const tutti = (...words: string[]) => run(words);

const valid = 'core/profile/testdata/valid/plugins.yaml';
const pins = 'core/profile/testdata/faulty/pins.yaml';

describe('tutti plugin list', () => {
  it('has a line for each type of a plugin, and one for all that is built in', async () => {
    const { code, out } = await tutti('plugin', 'list', valid);
    expect(code).toBe(0);
    expect(out).toMatch(/^TYPE +VERSION +FROM +PINNED +NEEDS$/m);
    expect(out).toMatch(/^vendor\.right +1\.0\.0 +\.\.\/plugins\/pair\.ts +no$/m);
    expect(out).toMatch(/^\(\d+ types\) +\S+ +tutti$/m);
    expect(out).not.toContain('state.memory');
  });

  it('has everything with --all', async () => {
    const { out } = await tutti('plugin', 'list', '--all');
    expect(out).toMatch(/^target\.docker +\S+ +tutti +network, files, programs, privileges$/m);
  });

  it('is data with -o json', async () => {
    const { out } = await tutti('plugin', 'list', valid, '-o', 'json');
    const { items } = JSON.parse(out) as { items: readonly object[] };
    expect(items).toHaveLength(3);
    expect(items[0]).toMatchObject({
      from: '../plugins/hello.ts',
      location: expect.stringMatching(/plugins\/hello\.ts$/),
      definitions: [{ type: 'state.hello', needs: {} }],
    });
  });

  it('refuses a profile whose plugins cannot be loaded', async () => {
    const refused = await tutti('plugin', 'list', pins);
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toContain('[plugin-integrity]');
  });
});

describe('tutti plugin pin', () => {
  it('prints the item that the profile then loads', async () => {
    const { code, out } = await tutti('plugin', 'pin', '../plugins/hello.ts', '--from', valid);
    expect(code).toBe(0);
    expect(parse(out)).toEqual([{ from: '../plugins/hello.ts', integrity: expect.stringMatching(/^sha512-.{86}==$/) }]);
  });

  it.each(['./no-such-plugin', 'no-such-package'])('refuses what is not there: %s', async (specifier) => {
    expect(await tutti('plugin', 'pin', specifier)).toMatchObject({ code: 2, out: '' });
  });
});

describe('tutti explain', () => {
  it('shows what a type needs of the machine', async () => {
    const { out } = await tutti('plugin', 'explain', 'target.docker');
    expect(out).toMatch(/^Needs:\n( {2}\S.*\n)* {2}privileges: +Whoever may use the engine's socket is root/m);
    expect((await tutti('explain', 'state.memory')).out).toContain('Declares no needs.');
  });

  it('knows the plugins of a profile', async () => {
    expect((await tutti('explain', 'state.hello', '-f', valid)).out).toMatch(/^From: +\.\.\/plugins\/hello\.ts$/m);
    expect(await tutti('explain', 'state.hello')).toMatchObject({ code: 2, out: '' });
    expect((await tutti('explain', '--filename', valid)).out).toMatch(/^vendor\.left /m);
  });
});

describe('tutti schema', () => {
  const compile = (schema: string) =>
    ajvFormats.default(new Ajv({ allErrors: true, strict: false })).compile(JSON.parse(schema));

  it('accepts every profile in config/', async () => {
    const validate = compile((await tutti('schema')).out);
    for (const file of readdirSync('config')) {
      expect(
        validate(parse(readFileSync(`config/${file}`, 'utf8'))),
        `${file}: ${JSON.stringify(validate.errors)}`,
      ).toBe(true);
    }
  });

  it('has the types of the plugins of a profile', async () => {
    const profile: unknown = parse(readFileSync(valid, 'utf8'));
    expect(compile((await tutti('schema')).out)(profile)).toBe(false);
    const { code, out } = await tutti('schema', valid);
    expect(code).toBe(0);
    expect(compile(out)(profile)).toBe(true);
  });

  it('is there although the profile is faulty, and tells which plugins are missing in it', async () => {
    const { code, out, err } = await tutti('schema', pins);
    expect(code).toBe(2);
    expect(compile(out)({ profile: 'p', providers: { store: { type: 'state.memory' } } })).toBe(true);
    expect(err).toContain('[plugin-integrity]');
    expect(err).not.toContain('[unknown-type]');
    for (const file of ['many', 'substitution', 'duplicate-keys']) {
      const half = await tutti('schema', `core/profile/testdata/faulty/${file}.yaml`);
      expect(half, file).toMatchObject({ code: 0, err: '' });
    }
    const torn = await tutti('schema', 'core/profile/testdata/faulty/syntax.yaml');
    expect(torn.code).toBe(2);
    expect(() => compile(torn.out)).not.toThrow();
  });
});
