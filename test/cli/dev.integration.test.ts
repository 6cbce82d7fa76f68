import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePorts } from '../parts/ports.js';
import { startProcess } from './running.js';

let folder: string;
let file: string;
let port: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dev-'));
  file = join(folder, 'profile.yaml');
  [port = 0] = await freePorts(1);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const profile = (plugins: readonly string[], vendors: string, more = ''): Promise<void> =>
  writeFile(
    file,
    `profile: toys
data: ${join(folder, 'data')}
plugins: [${plugins.join(', ')}]
${more}
vendors:
${vendors}
bindings:
  http: { type: binding.http, config: { tls: off, port: ${port} } }
`,
  );

/** The source of a vendor that says a word; where it takes the word from is the `head`. */
const vendor = (name: string, head: string): string => `
import { anyone, defineOperation, defineVendor, ok, serve, z } from 'tutti/plugin';
${head}
const say = defineOperation({
  id: '${name}.say', summary: 'Says a word', input: z.object({}), output: { kind: 'value', schema: z.string() },
  problems: [], access: anyone, idempotency: 'safe', http: { method: 'GET', path: '/${name}' },
});
export default defineVendor({
  type: 'vendor.${name}', version: '1.0.0', create: () => ({ operations: [serve(say, () => ok(word))] }),
});
`;
const says = (name: string): Promise<unknown> =>
  fetch(`http://127.0.0.1:${port}/${name}`).then(
    (reply) => reply.json(),
    () => 'nobody',
  );

describe('tutti dev', () => {
  it('replaces what is made of a plugin when one of its modules is saved, and only that', async () => {
    await mkdir(join(folder, 'plugins'));
    const save = (name: string, text: string) => writeFile(join(folder, 'plugins', name), text);
    await save('word.ts', `export const word: string = 'one';`);
    await save('left.ts', vendor('left', `import { word } from './word.js';`));
    await save('right.ts', vendor('right', `const word = 'right';`));
    await profile(
      ['./plugins/left.ts', './plugins/right.ts'],
      '  left: { type: vendor.left }\n  right: { type: vendor.right }',
    );
    await using host = await startProcess(['dev', file]);
    expect(await says('left')).toBe('one');
    await save('word.ts', `export const word: string = 'two';`);
    await expect.poll(() => says('left')).toBe('two');
    await expect.poll(() => host.output()).toMatch(/reloaded in \d+ ms: 2 replaced, 1 kept/);
    expect(host.output()).toMatch(/left\s+replaced\s+its code changed\n/);
    expect(host.output()).not.toMatch(/right\s+replaced/);
    expect(await host.end()).toBe(0);
    // The line is that of the log.
    expect(host.output()).not.toMatch(/^reloaded in/m);
  });

  it.each([
    [
      'ES modules',
      { type: 'module' },
      `import { word } from './word.js';`,
      (word: string) => `export const word = '${word}';`,
    ],
    [
      'modules of which one is CommonJS',
      { type: 'module' },
      `import words from './word.cjs';\nconst { word } = words;`,
      (word: string) => `module.exports = { word: '${word}' };`,
    ],
  ])('reads a package in plain JavaScript anew, of %s', async (kind, manifest, head, word) => {
    const plugin = join(folder, 'plugin');
    await mkdir(join(plugin, 'node_modules'), { recursive: true });
    await symlink(resolve('.'), join(plugin, 'node_modules/tutti'));
    const words = join(plugin, kind === 'ES modules' ? 'word.js' : 'word.cjs');
    await writeFile(join(plugin, 'package.json'), JSON.stringify({ name: 'toy', exports: './index.js', ...manifest }));
    await writeFile(join(plugin, 'index.js'), vendor('toy', head));
    await writeFile(words, word('one'));
    await profile(['./plugin'], '  toy: { type: vendor.toy }');
    await using _host = await startProcess(['dev', file]);
    expect(await says('toy')).toBe('one');
    await writeFile(words, word('two'));
    await expect.poll(() => says('toy')).toBe('two');
  });

  it('goes on with what ran before over faults in the profile and in the code, and takes the correction', async () => {
    const source = join(folder, 'toy.ts');
    await writeFile(source, vendor('toy', `const word = 'one';`));
    await profile(['./toy.ts'], '  toy: { type: vendor.toy }');
    await using host = await startProcess(['dev', file]);
    await writeFile(source, vendor('toy', `const word = ;`));
    await expect.poll(() => host.output()).toContain('the host is as it was; save again');
    expect(host.output().match(/"\.\/toy\.ts" cannot be compiled/g)).toHaveLength(1);
    // Of what is as it was loaded nothing is told.
    expect(host.output()).not.toContain('nothing to reload');
    expect(await says('toy')).toBe('one');
    await profile(['./toy.ts'], '  toy: { type: vendor.toi }');
    await expect.poll(() => host.output()).toContain('unknown type');
    expect(await says('toy')).toBe('one');
    await profile(['./toy.ts'], '  toy: { type: vendor.toy }');
    await writeFile(source, vendor('toy', `const word = 'two';`));
    await expect.poll(() => says('toy')).toBe('two');
    expect(await host.end()).toBe(0);
  });

  it('waits for a profile that it can start, and a plugin that is not there yet', async () => {
    await profile(['./late/toy.ts'], '  toy: { type: vendor.toy }');
    await using host = await startProcess(['dev', file], {}, 'stderr');
    await expect.poll(() => host.output()).toContain('save again to start the host');
    await profile(['./toy.ts'], '  toy: { type: vendor.toy }');
    await expect.poll(() => host.output()).toContain('there is no plugin at "./toy.ts"');
    await writeFile(join(folder, 'toy.ts'), vendor('toy', `const word = 'one';`));
    await expect.poll(() => says('toy')).toBe('one');
  });

  it('reloads when the profile is saved, also by an editor that puts another file in its place', async () => {
    const source = join(folder, 'toy.ts');
    await writeFile(source, vendor('toy', `const word = 'one';`));
    await profile(['./toy.ts'], '  toy: { type: vendor.toy }');
    await using _host = await startProcess(['dev', file]);
    const [kept, first] = [file, '/a'];
    for (const path of [first, '/b']) {
      file = `${kept}.new`;
      await profile(['./toy.ts'], `  toy: { type: vendor.toy, path: ${path} }`);
      await rename(file, kept);
      await expect.poll(() => says(`${path.slice(1)}/toy`)).toBe('one');
    }
  });
});
