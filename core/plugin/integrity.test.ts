import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatIntegrity, type Integrity, integrityOf, parseIntegrity } from './integrity.js';

describe('integrity as text', () => {
  it.each(['sha256', 'sha384', 'sha512'])('%s is read as it is written', (algorithm) => {
    const text = `${algorithm}-${createHash(algorithm).update('x').digest('base64')}`;
    expect(formatIntegrity(parseIntegrity(text) as Integrity)).toBe(text);
  });

  const whole = createHash('sha512').update('x').digest('base64');
  it.each([
    ['', 'expected the hash'],
    [whole, 'expected the hash'],
    ['sha512-', 'expected the hash'],
    [`sha512-${whole}?x`, 'expected the hash'],
    [`sha512-${whole} sha512-${whole}`, 'expected the hash'],
    [`SHA512-${whole}`, 'expected the hash'],
    [`toString-${whole}`, 'expected the hash'],
    [`sha512-${whole.slice(0, -4)}`, 'is 64 bytes'],
    [`sha256-${whole}`, 'is 32 bytes'],
    // The same bytes with bits at the end that no decoder looks at.
    [`sha512-${whole.replace(/.==$/, 'z==')}`, 'is 64 bytes'],
    [`sha1-${createHash('sha1').update('x').digest('base64')}`, 'too weak'],
    [`md5-${createHash('md5').update('x').digest('base64')}`, 'too weak'],
  ])('refuses %j', (text, reason) => {
    expect(parseIntegrity(text)).toContain(reason);
  });
});

describe('the integrity of files', () => {
  let folder: string;
  const of = async (path = join(folder, 'plugin')): Promise<string> =>
    formatIntegrity(await integrityOf(path, 'sha512'));
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tutti-integrity-'));
    await mkdir(join(folder, 'plugin/lib'), { recursive: true });
    await writeFile(join(folder, 'plugin/index.js'), 'one');
    await writeFile(join(folder, 'plugin/lib/two.js'), 'two');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('of one file is the hash of its bytes', async () => {
    const expected = createHash('sha512').update('one').digest('base64');
    expect(await of(join(folder, 'plugin/index.js'))).toBe(`sha512-${expected}`);
  });

  it('of a folder is the hash of paths, lengths and bytes in order', async () => {
    const expected = createHash('sha512').update('index.js\x003\0onelib/two.js\x003\0two').digest('base64');
    expect(await of()).toBe(`sha512-${expected}`);
  });

  it('depends neither on where the folder lies nor on the order in which its files came', async () => {
    const first = await of();
    await mkdir(join(folder, 'copy/lib'), { recursive: true });
    await writeFile(join(folder, 'copy/lib/two.js'), 'two');
    await writeFile(join(folder, 'copy/index.js'), 'one');
    expect(await of(join(folder, 'copy'))).toBe(first);
    await cp(join(folder, 'plugin'), join(folder, 'other'), { recursive: true });
    expect(await of(join(folder, 'other'))).toBe(first);
  });

  it.each<[string, (plugin: string) => Promise<void>]>([
    ['a byte', (plugin) => writeFile(join(plugin, 'index.js'), 'ome')],
    ['a file more', (plugin) => writeFile(join(plugin, 'more.js'), '')],
    ['a file less', (plugin) => rm(join(plugin, 'lib/two.js'))],
    ['a name', (plugin) => rename(join(plugin, 'index.js'), join(plugin, 'main.js'))],
    ['a place', (plugin) => rename(join(plugin, 'lib/two.js'), join(plugin, 'two.js'))],
    [
      'where a file ends',
      async (plugin) => {
        await writeFile(join(plugin, 'index.js'), 'onelib/two.js\x003\0two');
        await rm(join(plugin, 'lib/two.js'));
      },
    ],
  ])('changes with %s', async (_, change) => {
    const before = await of();
    await change(join(folder, 'plugin'));
    expect(await of()).not.toBe(before);
  });

  it('leaves out what is not its own', async () => {
    const before = await of();
    await mkdir(join(folder, 'plugin/node_modules/x'), { recursive: true });
    await writeFile(join(folder, 'plugin/node_modules/x/index.js'), 'x');
    await symlink('../nowhere', join(folder, 'plugin/lib/node_modules'));
    await writeFile(join(folder, 'plugin/.git'), 'gitdir: elsewhere');
    await mkdir(join(folder, 'plugin/empty'));
    expect(await of()).toBe(before);
  });

  it('refuses a symbolic link, whose end can change alone', async () => {
    await symlink('two.js', join(folder, 'plugin/lib/link.js'));
    await expect(of()).rejects.toMatchObject({ name: 'Unhashable', message: expect.stringContaining('lib/link.js') });
  });
});
