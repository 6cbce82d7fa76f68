import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importAnew } from './import-anew.js';
import { Problem } from './index.js';

describe('importAnew', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'tutti-anew-')));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const save = (name: string, text: string) => writeFile(join(folder, name), text);
  const load = async (name: string) => {
    const { module, files } = await importAnew(pathToFileURL(join(folder, name)).href);
    return {
      value: (module as { default: unknown }).default,
      files: files.map((file) => file.slice(folder.length + 1)).sort(),
    };
  };

  it.each([
    ['TypeScript', 'a.ts', 'b.ts', (n: number) => `export const n: number = ${n};`],
    ['ES modules', 'a.mjs', 'b.mjs', (n: number) => `export const n = ${n};`],
    ['CommonJS', 'a.mjs', 'b.cjs', (n: number) => `exports.n = ${n};`],
    ['JSON', 'a.ts', 'b.json', (n: number) => `{ "n": ${n} }`],
  ])('reads every module anew, of %s', async (_, entry, other, source) => {
    await save(entry, `import { n } from './${other}';\nexport default n;`);
    await save(other, source(1));
    expect(await load(entry)).toEqual({ value: 1, files: [entry, other] });
    await save(other, source(2));
    expect(await load(entry)).toEqual({ value: 2, files: [entry, other] });
  });

  it('tells the modules of one plugin apart from those of another, and what they share as of both', async () => {
    await save('shared.ts', 'export const n = 1;');
    await save('left.ts', `import { n } from './shared.js';\nexport default n;`);
    await save('right.ts', `import { n } from './shared.js';\nexport default n;`);
    expect((await load('left.ts')).files).toEqual(['left.ts', 'shared.ts']);
    expect((await load('right.ts')).files).toEqual(['right.ts', 'shared.ts']);
  });

  it('imports installed packages once, and they are none of its files', async () => {
    await mkdir(join(folder, 'node_modules/installed'), { recursive: true });
    await save('node_modules/installed/package.json', '{ "name": "installed", "main": "index.cjs" }');
    await save('node_modules/installed/index.cjs', 'exports.made = {};');
    await save('a.ts', `import { made } from 'installed';\nexport default made;`);
    const first = await load('a.ts');
    expect(first.files).toEqual(['a.ts']);
    expect((await load('a.ts')).value).toBe(first.value);
  });

  it('reads TypeScript that awaits at its top level', async () => {
    await save('a.ts', 'const n: number = await Promise.resolve(1);\nexport default n;');
    expect(await load('a.ts')).toEqual({ value: 1, files: ['a.ts'] });
    await save('a.ts', 'const n: number = await Promise.resolve(2);\nexport default n;');
    expect(await load('a.ts')).toEqual({ value: 2, files: ['a.ts'] });
  });

  it("gives the host's own author API", async () => {
    await save('a.ts', `import { Problem } from 'tutti/plugin';\nexport default [Problem];`);
    expect(((await load('a.ts')).value as unknown[])[0]).toBe(Problem);
  });

  it('throws what a module throws, and reads it anew after that', async () => {
    await save('a.mjs', `throw new Error('no such luck');`);
    await expect(load('a.mjs')).rejects.toThrow('no such luck');
    await save('a.mjs', 'export default 3;');
    expect((await load('a.mjs')).value).toBe(3);
  });
});
