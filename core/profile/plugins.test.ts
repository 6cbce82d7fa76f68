import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatIntegrity } from '../plugin/integrity.js';
import { contentOf, pinOf } from '../plugin/pin.js';
import { loadProfile, ProfileError } from './index.js';
import { testRegistry } from './testdata/definitions.js';

/** Each plugin leaves a file beside its folder when it is imported. */
describe('the plugins of a profile', () => {
  let folder: string;
  let profile: string;
  const source = (name: string): string => `
    import { writeFileSync } from 'node:fs';
    import { defineVendor } from 'tutti/plugin';
    writeFileSync(${JSON.stringify(join(folder, `${name}.imported`))}, '');
    export default defineVendor({ type: 'vendor.${name}', version: '1.0.0', create: () => ({}) });`;
  const write = async (path: string, name: string): Promise<void> => {
    await mkdir(join(folder, path), { recursive: true });
    await writeFile(join(folder, path, 'package.json'), `{ "name": "${name}", "exports": "./index.ts" }`);
    await writeFile(join(folder, path, 'index.ts'), source(name));
  };
  const imported = (name: string): boolean => existsSync(join(folder, `${name}.imported`));
  const pin = async (specifier: string): Promise<string> => formatIntegrity(await pinOf({ specifier, from: profile }));
  const load = async (plugins: readonly unknown[], vendor: string) => {
    const vendors = { it: { type: `vendor.${vendor}` } };
    await writeFile(profile, JSON.stringify({ profile: 'pinned', plugins, vendors }));
    return loadProfile(profile, { env: {}, registry: testRegistry(), hostVersion: '0.1.0', hostRefs: [] });
  };
  const faultsOf = async (plugins: readonly unknown[], vendor: string) => {
    const error: unknown = await load(plugins, vendor).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof ProfileError)) throw new Error('the profile has no faults', { cause: error });
    return error.faults;
  };
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'tutti-pinned-')));
    await mkdir(join(folder, 'profiles'));
    profile = join(folder, 'profiles/profile.yaml');
    await write('one', 'one');
    await write('profiles/node_modules/two', 'two');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('are imported when they are named, and never otherwise', async () => {
    await load(['../one'], 'one');
    expect([imported('one'), imported('two')]).toEqual([true, false]);
    await load(['two'], 'two');
    expect(imported('two')).toBe(true);
  });

  it('load when their files are the pinned ones', async () => {
    const plugins = [
      { from: '../one', integrity: await pin('../one') },
      { from: 'two', integrity: await pin('two') },
    ];
    const { entries } = await load(plugins, 'two');
    expect(entries.map(({ definition }) => definition.type)).toEqual(['vendor.two']);
  });

  it.each([
    ['../one', 'one', 'one/index.ts'],
    ['two', 'two', 'profiles/node_modules/two/index.ts'],
    ['../one/index.ts', 'one', 'one/index.ts'],
  ])('are not imported when they are not: %s', async (specifier, name, changed) => {
    const integrity = await pin(specifier);
    await writeFile(join(folder, changed), `${source(name)} // and more`);
    const [fault] = await faultsOf([{ from: specifier, integrity }], name);
    expect(imported(name)).toBe(false);
    expect(fault).toMatchObject({
      code: 'plugin-integrity',
      path: 'plugins[0].integrity',
      message: `"${specifier}" is not what is pinned here: expected ${integrity}, found ${await pin(specifier)}`,
      hint: `if you trust it as it is now, take what this prints: tutti plugin pin ${specifier} --from ${profile}`,
    });
  });

  it.each(['sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=', 'sha512-AAAA', '', 7, null])(
    'are not imported when the pin is none: %j',
    async (integrity) => {
      const [fault] = await faultsOf([{ from: '../one', integrity }], 'one');
      expect(fault).toMatchObject({ code: 'wrong-value', path: 'plugins[0].integrity' });
      expect(imported('one')).toBe(false);
    },
  );

  it('are all looked at before the first is imported, so that none can make another look right', async () => {
    const integrity = await pin('two');
    const file = join(folder, 'profiles/node_modules/two/index.ts');
    await write('mender', 'mender');
    await writeFile(
      join(folder, 'mender/index.ts'),
      `${source('mender')}\nwriteFileSync(${JSON.stringify(file)}, ${JSON.stringify(source('two'))});`,
    );
    await writeFile(file, `${source('two')} // and more`);
    const faults = await faultsOf(['../mender', { from: 'two', integrity }], 'two');
    expect([imported('mender'), imported('two')]).toEqual([true, false]);
    expect(faults[0]?.code).toBe('plugin-integrity');
  });

  it('are refused when they change while they are imported', async () => {
    const file = JSON.stringify(join(folder, 'one/more.ts'));
    await writeFile(join(folder, 'one/index.ts'), `${source('one')}\nwriteFileSync(${file}, '');`);
    const [fault] = await faultsOf([{ from: '../one', integrity: await pin('../one') }], 'one');
    expect(fault?.code).toBe('plugin-integrity');
  });

  it('cannot be pinned by a file of their own, or with links in them', async () => {
    await expect(pinOf({ specifier: '.', from: join(folder, 'one/package.json') })).rejects.toMatchObject({
      code: 'plugin-unpinnable',
      message: expect.stringContaining('keep that file elsewhere'),
    });
    await symlink('index.ts', join(folder, 'one/link.ts'));
    await expect(pin('../one')).rejects.toMatchObject({
      code: 'plugin-unpinnable',
      message: expect.stringContaining('link.ts is a symbolic link'),
    });
  });

  it('are found where a link or a name leads to', async () => {
    await symlink(join(folder, 'one'), join(folder, 'profiles/node_modules/linked'));
    expect(await contentOf({ specifier: './node_modules/linked', from: profile })).toBe(join(folder, 'one'));
    const nested = join(folder, 'profiles/node_modules/@plant/deep');
    await mkdir(join(nested, 'dist'), { recursive: true });
    await writeFile(join(nested, 'package.json'), '{ "name": "@plant/deep", "exports": { "./x": "./dist/x.js" } }');
    await writeFile(join(nested, 'dist/package.json'), '{ "type": "module" }');
    await writeFile(join(nested, 'dist/x.js'), '');
    expect(await contentOf({ specifier: '@plant/deep/x', from: profile })).toBe(nested);
  });
});
