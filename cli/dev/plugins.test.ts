import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PluginsUnderDevelopment } from './plugins.js';

describe('PluginsUnderDevelopment', () => {
  let folder: string;
  let plugins: PluginsUnderDevelopment;
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'dev-plugins-')));
    plugins = new PluginsUnderDevelopment();
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const save = (name: string, text: string) => writeFile(join(folder, name), text);
  const plugin = () => plugins.load('./toy.ts', { from: join(folder, 'profile.yaml') });
  /** The summary of the one definition. */
  const load = async () => (await plugin()).definitions[0]?.summary;
  const source = (more = '') => `
import { defineVendor } from 'tutti/plugin';
import { word } from './word.ts';
${more}
export default defineVendor({ type: 'vendor.toy', version: '1.0.0', summary: word, create: () => ({}) });
`;

  it('loads a plugin anew that was saved while it was imported', async () => {
    await save('word.ts', `export const word = 'one';`);
    // What an editor does at the wrong moment.
    const meanwhile = `import { writeFileSync } from 'node:fs';
if (word === 'one') writeFileSync(${JSON.stringify(join(folder, 'word.ts'))}, "export const word = 'two';");`;
    await save('toy.ts', source(meanwhile));
    expect(await load()).toBe('one');
    expect(await plugins.areChanged()).toBe(true);
    expect(await load()).toBe('two');
  });

  it('has the same plugin as long as nothing is saved', async () => {
    await save('word.ts', `export const word = 'one';`);
    await save('toy.ts', source());
    // What was saved just before an import counts as saved during it.
    await expect.poll(async () => plugin().then(() => plugins.areChanged())).toBe(false);
    const before = await plugin();
    expect(await plugin()).toBe(before);
    await save('word.ts', `export const word = 'two';`);
    expect(await plugins.areChanged()).toBe(true);
    expect(await plugin()).not.toBe(before);
    expect(await load()).toBe('two');
  });
});
