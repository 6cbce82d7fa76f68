import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Problem } from './index.js';
import { loadPlugin } from './loader.js';
import { PluginFault } from './plugin-fault.js';

const from = join(import.meta.dirname, '../profile/testdata/faulty/plugins.yaml');

describe('loadPlugin', () => {
  it('takes a definition, a list of definitions and a plugin', async () => {
    expect(await loadPlugin('../plugins/hello.ts', { from })).toMatchObject({
      name: '../plugins/hello.ts',
      definitions: [{ type: 'state.hello' }],
    });
    expect(await loadPlugin('../plugins/list.ts', { from })).toMatchObject({
      definitions: [{ type: 'vendor.listed' }],
    });
    expect(await loadPlugin('../plugins/pair.ts', { from })).toMatchObject({
      name: 'pair-of-vendors',
      definitions: [{ type: 'vendor.left' }, { type: 'vendor.right' }],
    });
  });

  it.each([
    ['../plugins/nowhere.mjs', 'plugin-not-found', 'there is no plugin at "../plugins/nowhere.mjs"'],
    ['no-such-package', 'plugin-not-found', 'there is no package "no-such-package"'],
    ['../plugins', 'plugin-not-found', 'is a folder without a package.json'],
    ['../plugins/throws.mjs', 'plugin-import', 'no such luck'],
    ['../plugins/no-default.mjs', 'plugin-export', 'it has no default export'],
    ['../plugins/function.mjs', 'plugin-export', 'its default export is a function'],
    ['../plugins/half.mjs', 'plugin-export', 'summary: '],
  ])('says what is wrong with %s', async (specifier, code, message) => {
    await expect(loadPlugin(specifier, { from })).rejects.toMatchObject({
      name: 'PluginFault',
      code,
      message: expect.stringContaining(message),
    });
  });

  describe('of what cannot be looked at', () => {
    const loaded = (importModule: () => Promise<unknown>) =>
      loadPlugin('../plugins/half.mjs', { from, importModule }).then(
        () => 'loaded',
        (error: unknown) => error,
      );
    const refuses = (): never => {
      throw new Error('do not look');
    };
    const closed = new Proxy({}, { get: refuses, has: refuses, getPrototypeOf: refuses });
    const almost = { kind: 'vendor', type: 'vendor.a', version: '1.0.0', summary: '', host: '*', provides: [] };

    it.each<[string, object]>([
      ['a getter', Object.defineProperty({}, 'default', { get: refuses, enumerable: true })],
      ['a proxy', { default: closed }],
      ['what it uses', { default: Object.defineProperty({ ...almost }, 'uses', { get: refuses, enumerable: true }) }],
    ])('names the plugin where its default export is %s that throws', async (_, module) => {
      expect(await loaded(async () => module)).toMatchObject({
        name: 'PluginFault',
        code: 'plugin-export',
        message: expect.stringContaining('"../plugins/half.mjs" is not a plugin'),
      });
    });

    it.each<[string, unknown]>([
      ['nothing', undefined],
      ['an object without a prototype', Object.create(null)],
      ['a proxy', closed],
      ['an error whose message has no text', Object.assign(new Error(), { message: Object.create(null) })],
      ['an error whose stack cannot be read', Object.defineProperty(new Error(), 'stack', { get: refuses })],
    ])('names the plugin that throws %s', async (_, thrown) => {
      expect(await loaded(() => Promise.reject(thrown))).toMatchObject({
        name: 'PluginFault',
        code: 'plugin-import',
        message: expect.stringContaining('importing "../plugins/half.mjs" failed: '),
      });
    });
  });

  it('gives up on a module that is never done', async () => {
    await expect(loadPlugin('../plugins/never.mjs', { from, timeout: 20 })).rejects.toMatchObject({
      code: 'plugin-timeout',
      message: 'importing "../plugins/never.mjs" took longer than 20 ms',
    });
  });

  describe('of a package', () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tutti-loader-'));
    });
    afterEach(() => rm(folder, { recursive: true }));

    const zod = pathToFileURL(join(import.meta.dirname, '../../node_modules/zod/index.js')).href;
    const source = (type: string) => `
      import { z } from ${JSON.stringify(zod)};
      export default { kind: 'vendor', type: '${type}', version: '1.0.0', summary: '', host: '*',
        config: z.object({}), provides: [], uses: {}, create: () => ({}) };`;
    const write = async (at: string, manifest: object, file: string) => {
      await mkdir(join(folder, at), { recursive: true });
      await writeFile(join(folder, at, 'package.json'), JSON.stringify({ type: 'module', ...manifest }));
      await writeFile(join(folder, at, file), source('vendor.packed'));
    };

    it('finds it by name from the folder of the file that names it, by its "import" entry', async () => {
      const manifest = { name: '@plant/packed', exports: { '.': { import: './main.mjs' } } };
      await write('node_modules/@plant/packed', manifest, 'main.mjs');
      expect(await loadPlugin('@plant/packed', { from: join(folder, 'wfm.yaml') })).toMatchObject({
        name: '@plant/packed',
        definitions: [{ type: 'vendor.packed' }],
      });
    });

    it.each([
      ['exports', { name: 'packed', exports: './main.js' }, 'main.js'],
      ['main', { name: 'packed', main: 'lib.js' }, 'lib.js'],
      ['nothing', {}, 'index.js'],
    ])('finds it by its folder when package.json has %s', async (_, manifest, file) => {
      await write('packed', manifest, file);
      expect(await loadPlugin('./packed', { from: join(folder, 'wfm.yaml') })).toMatchObject({
        definitions: [{ type: 'vendor.packed' }],
      });
    });
  });

  describe('in TypeScript', () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tutti-typescript-'));
    });
    afterEach(() => rm(folder, { recursive: true }));

    const load = async (source: string, name = 'plugin.ts') => {
      await writeFile(join(folder, name), source);
      return loadPlugin(`./${name}`, { from: join(folder, 'wfm.yaml') });
    };
    const vendor = `
      import { defineVendor, Problem, problems, type ProblemType } from 'tutti/plugin';
      enum Kind { a = 'vendor.typed' }
      const kind: ProblemType = problems.conflict;
      export default defineVendor({ type: Kind.a, version: '1.0.0', create: () => { throw new Problem(kind, 'no'); } });`;

    it.each(['plugin.ts', 'plugin.mts'])('is compiled, and shares its classes with the host: %s', async (name) => {
      const { definitions } = await load(vendor, name);
      expect(definitions[0]?.type).toBe('vendor.typed');
      expect(() => definitions[0]?.create({} as never)).toThrow(Problem);
    });

    it('may be of several files, and be a package', async () => {
      await writeFile(join(folder, 'vendor.ts'), vendor);
      await writeFile(join(folder, 'index.ts'), "export { default } from './vendor.ts';");
      await writeFile(join(folder, 'package.json'), '{ "name": "typed", "type": "module", "exports": "./index.ts" }');
      const { definitions } = await loadPlugin(folder, { from: join(folder, 'wfm.yaml') });
      expect(definitions[0]?.type).toBe('vendor.typed');
    });

    it('says where it cannot be compiled', async () => {
      await expect(load('export default {\n  a: 1 b: 2,\n};')).rejects.toMatchObject({
        code: 'plugin-import',
        message: `"./plugin.ts" cannot be compiled: Unexpected token, expected "," at ${folder}/plugin.ts:2:7`,
      });
    });

    it('is refused, and what it did is undone, when it changes what all code of the host shares', async () => {
      const { map } = Array.prototype;
      const { hasOwnProperty: asks } = Object.prototype;
      const source = `
        Object.prototype.polluted = true;
        Array.prototype.map = () => [];
        delete Object.prototype.hasOwnProperty;
        String.prototype[Symbol.iterator] = undefined;
        throw new Error('and it fails');`;
      await expect(load(source)).rejects.toMatchObject({ message: expect.stringContaining('and it fails') });
      expect('polluted' in {}).toBe(false);
      await expect(load(source.replace(/throw .*/, 'export default {};'), 'other.ts')).rejects.toMatchObject({
        code: 'plugin-intrinsics',
        message:
          'importing "./other.ts" changed Object.prototype.polluted, Object.prototype.hasOwnProperty, ' +
          'Array.prototype.map and 1 more, which all code of the host shares; ' +
          'a plugin, and what it imports, must leave it as it is',
      });
      expect('polluted' in {}).toBe(false);
      expect(Array.prototype.map).toBe(map);
      expect(Object.prototype.hasOwnProperty).toBe(asks);
      expect([...'text']).toEqual(['t', 'e', 'x', 't']);
    });

    const place = async (source: string, name?: string) => {
      const error: unknown = await load(source, name).catch((thrown: unknown) => thrown);
      if (!(error instanceof PluginFault && error.code === 'plugin-import')) throw error;
      return error.message.replaceAll(folder, '<folder>');
    };

    it('says what it throws, and where: in the line that was written, whatever becomes of types', async () => {
      const source = `
        interface Luck {
          readonly such: 'no';
        }
        const luck: Luck = { such: 'no' };
        enum Kind { a }
        function press(
          of: Luck,
        ): never {
          throw new Error(\`\${of.such} such luck \${Kind.a}\`);
        }
        press(luck);`;
      expect(await place(source)).toBe('importing "./plugin.ts" failed: no such luck 0 (at <folder>/plugin.ts:10)');
    });

    it('names the module that imports what is not there, not the one that it is imported by', async () => {
      await writeFile(join(folder, 'parts.ts'), "import './bolts.ts';\n\nimport './gone.ts';");
      await writeFile(join(folder, 'bolts.ts'), 'export const bolts: number = 1;');
      expect(await place("import './parts.ts';")).toBe(
        `importing "./plugin.ts" failed: Cannot find module './gone.ts' (at <folder>/parts.ts:3)`,
      );
    });

    it.each([
      ['gone({});', 'gone is not a function: does what it is imported from export it?'],
      ['new gone();', 'gone is not a constructor: does what it is imported from export it?'],
    ])('says in the words of the source that nothing exports a name: %s', async (use, words) => {
      await writeFile(join(folder, 'parts.ts'), 'export const bolts = 1;');
      expect(await place(`import { gone } from './parts.js';\n${use}`)).toBe(
        `importing "./plugin.ts" failed: ${words} (at <folder>/plugin.ts:2)`,
      );
    });

    it('says where in a package that is a link to a folder', async () => {
      await mkdir(join(folder, 'real/dist'), { recursive: true });
      await mkdir(join(folder, 'node_modules'));
      await writeFile(join(folder, 'real/package.json'), '{ "name": "press", "main": "dist/index.cjs" }');
      await writeFile(join(folder, 'real/dist/index.cjs'), "require('../lib.cjs');");
      await writeFile(join(folder, 'real/lib.cjs'), "\nthrow new Error('no such luck');");
      await symlink('../real', join(folder, 'node_modules/press'));
      for (const specifier of ['press', './node_modules/press']) {
        await expect(loadPlugin(specifier, { from: join(folder, 'wfm.yaml') })).rejects.toThrow(
          `importing "${specifier}" failed: no such luck (at ${await realpath(folder)}/real/lib.cjs:2)`,
        );
      }
    });
  });
});
