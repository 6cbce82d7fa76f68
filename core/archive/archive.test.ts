import { lstat, mkdir, mkdtemp, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { type Header as FullHeader, pack } from 'tar-stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { directoryEntries, packTarGz, readTarGz, unpackTarGz } from './index.js';

type Header = Partial<FullHeader> & { name: string };
const limits = { bytes: 100_000, entries: 20 };
const text = (value: string) => new TextEncoder().encode(value);

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'tutti-archive-'));
});

/** An archive as an attacker writes it: headers are taken as they are. */
async function hostile(...entries: [Header, string?][]): Promise<Uint8Array> {
  const tar = pack();
  const collected = buffer(tar);
  for (const [header, content] of entries) tar.entry(header, content ?? '');
  tar.finalize();
  return gzipSync(await collected);
}

async function* stream(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const unpack = (bytes: Uint8Array) => unpackTarGz(stream(bytes), join(home, 'out'), limits);

describe('packTarGz', () => {
  it('depends on the entries alone, not on their order', async () => {
    const a = { path: 'app/a.txt', bytes: text('a') };
    const b = { path: 'app/b.sh', bytes: text('b'), executable: true };
    const [one, two] = [await packTarGz([a, b]), await packTarGz([b, a])];
    expect(Buffer.from(one)).toEqual(Buffer.from(two));
    expect([...one.subarray(4, 8), one[9]]).toEqual([0, 0, 0, 0, 255]);
    expect(Buffer.from(await packTarGz([a]))).not.toEqual(Buffer.from(one));
  });

  it.each([['../x'], ['/x'], ['a/../../x'], ['C:\\x'], [''], ['a\0b']])('refuses the path %j', async (path) => {
    await expect(packTarGz([{ path, bytes: text('') }])).rejects.toMatchObject({ name: 'ArchiveFault' });
  });

  it('refuses a path that is file and directory, or comes twice', async () => {
    const entry = (path: string) => ({ path, bytes: text('') });
    await expect(packTarGz([entry('a'), entry('a/b')])).rejects.toThrow('both a file and a directory');
    await expect(packTarGz([entry('a'), entry('./a')])).rejects.toThrow('comes twice');
  });

  it('comes back as it went in, whatever the names and bytes', async () => {
    const name = fc.stringMatching(/^[A-Za-z0-9._~ äß-]{1,120}$/).filter((value) => value !== '.' && value !== '..');
    const files = fc.dictionary(name, fc.uint8Array({ maxLength: 2000 }), { maxKeys: 8, noNullPrototype: true });
    await fc.assert(
      fc.asyncProperty(files, async (content) => {
        const entries = Object.entries(content).map(([path, bytes]) => ({ path: `top/${path}`, bytes }));
        const back = await readTarGz(await packTarGz(entries), limits);
        expect([...back.keys()].sort()).toEqual(entries.map(({ path }) => path).sort());
        for (const { path, bytes } of entries) expect(Buffer.from(back.get(path) ?? [])).toEqual(Buffer.from(bytes));
      }),
      { numRuns: 50 },
    );
  });
});

describe('directoryEntries', () => {
  it('lists files with their paths and executable bits, sorted', async () => {
    await mkdir(join(home, 'sub'));
    await writeFile(join(home, 'sub', 'run.sh'), 'x', { mode: 0o755 });
    await writeFile(join(home, 'a.txt'), 'y');
    expect((await directoryEntries(home, limits)).map(({ path, executable }) => [path, executable])).toEqual([
      ['a.txt', false],
      ['sub/run.sh', true],
    ]);
  });

  it('refuses links and too much', async () => {
    await writeFile(join(home, 'a.txt'), 'yyy');
    await expect(directoryEntries(home, { bytes: 2, entries: 9 })).rejects.toMatchObject({ reason: 'too-large' });
    await expect(directoryEntries(home, { bytes: 9, entries: 0 })).rejects.toMatchObject({ reason: 'too-large' });
    await symlink('/etc/hostname', join(home, 'link'));
    await expect(directoryEntries(home, limits)).rejects.toMatchObject({ reason: 'unsafe' });
  });
});

describe('unpackTarGz', () => {
  it('unpacks files, directories and links that stay inside, without special bits', async () => {
    const bytes = await hostile(
      [{ name: 'app/', type: 'directory', mode: 0o7777 }],
      [{ name: './app/run.sh', mode: 0o7777 }, 'hello'],
      [{ name: 'app/same', type: 'link', linkname: 'app/run.sh' }],
      [{ name: 'app/soft', type: 'symlink', linkname: 'run.sh' }],
    );
    await expect(unpack(bytes)).resolves.toEqual({ files: ['app/run.sh', 'app/same', 'app/soft'], bytes: 10 });
    expect(await readFile(join(home, 'out/app/soft'), 'utf8')).toBe('hello');
    expect((await stat(join(home, 'out/app/run.sh'))).mode & 0o7777).toBe(0o755);
    expect((await stat(join(home, 'out/app/same'))).nlink).toBe(1);
    expect(await readdir(home)).toEqual(['out']);
  });

  const cases: [string, () => Promise<Uint8Array>, string][] = [
    ['an absolute path', () => hostile([{ name: '/etc/x' }, 'x']), 'unsafe'],
    ['a path that climbs out', () => hostile([{ name: 'a/../../x' }, 'x']), 'unsafe'],
    ['a backslash path', () => hostile([{ name: 'a\\..\\..\\x' }, 'x']), 'unsafe'],
    ['a duplicate', () => hostile([{ name: 'a' }, 'x'], [{ name: './a' }, 'y']), 'unsafe'],
    ['a file below a file', () => hostile([{ name: 'a' }, 'x'], [{ name: 'a/b' }, 'y']), 'unsafe'],
    ['a file above a file', () => hostile([{ name: 'a/b' }, 'x'], [{ name: 'a' }, 'y']), 'unsafe'],
    ['a device', () => hostile([{ name: 'd', type: 'block-device', devmajor: 8, devminor: 0 }]), 'unsafe'],
    ['a pipe', () => hostile([{ name: 'd', type: 'fifo' }]), 'unsafe'],
    ['a link to an absolute path', () => hostile([{ name: 'l', type: 'symlink', linkname: '/etc/passwd' }]), 'unsafe'],
    ['a link that climbs out', () => hostile([{ name: 'l', type: 'symlink', linkname: '../..' }]), 'unsafe'],
    [
      'a link to a file outside',
      () => hostile([{ name: 'l', type: 'symlink', linkname: `${'../'.repeat(30)}etc/passwd` }]),
      'unsafe',
    ],
    ['a link to the root', () => hostile([{ name: 'l', type: 'symlink', linkname: '.' }]), 'unsafe'],
    [
      'a link to a directory it is in',
      () => hostile([{ name: 'a/b/l', type: 'symlink', linkname: '../../a' }]),
      'unsafe',
    ],
    ['a dangling link', () => hostile([{ name: 'l', type: 'symlink', linkname: 'nowhere' }]), 'unsafe'],
    ['a hard link to outside', () => hostile([{ name: 'l', type: 'link', linkname: '../../etc/passwd' }]), 'unsafe'],
    ['a hard link to nothing', () => hostile([{ name: 'l', type: 'link', linkname: 'nothing' }]), 'unsafe'],
    [
      'a file written through a link',
      () => hostile([{ name: 'l', type: 'symlink', linkname: '/tmp' }], [{ name: 'l/x' }, 'x']),
      'unsafe',
    ],
    [
      'a chain of links that leaves only when followed',
      () =>
        hostile(
          [{ name: 'a/b/c/file' }, 'x'],
          [{ name: 'a/b/c/up', type: 'symlink', linkname: '../../../a' }],
          [{ name: 'out', type: 'symlink', linkname: 'a/b/c/up/../..' }],
        ),
      'unsafe',
    ],
    [
      'too many members',
      () => hostile(...Array.from({ length: 21 }, (_, i): [Header] => [{ name: `f${i}` }])),
      'too-large',
    ],
    ['a bomb', () => hostile([{ name: 'zeros' }, '\0'.repeat(5_000_000)]), 'too-large'],
    ['a bomb in a header', () => hostile([{ name: 'a', pax: { comment: 'x'.repeat(500_000) } }]), 'too-large'],
    ['a little too much', () => hostile([{ name: 'a' }, 'x'.repeat(100_001)]), 'too-large'],
    [
      'copies by hard link beyond the limit',
      () => hostile([{ name: 'a' }, 'x'.repeat(60_000)], [{ name: 'b', type: 'link', linkname: 'a' }]),
      'too-large',
    ],
    ['a truncated gzip', async () => (await hostile([{ name: 'a' }, 'x'.repeat(5000)])).subarray(0, 60), 'corrupt'],
    ['a truncated tar', async () => gzipSync(Buffer.from(await tarOf('a', 5000)).subarray(0, 3000)), 'corrupt'],
    ['garbage', async () => text('this is no archive at all'), 'corrupt'],
    ['packed garbage', async () => gzipSync(Buffer.alloc(2048, 'garbage')), 'corrupt'],
    ['nothing', async () => new Uint8Array(), 'corrupt'],
  ];

  it.each(cases)('refuses %s and leaves nothing behind', async (_name, make, reason) => {
    await expect(unpack(await make())).rejects.toMatchObject({ name: 'ArchiveFault', reason });
    expect(await readdir(home)).toEqual([]);
  });

  it('leaves alone what is there already', async () => {
    await mkdir(join(home, 'out'));
    await expect(unpack(await hostile([{ name: 'a' }, 'x']))).rejects.toThrow('exists already');
    expect(await readdir(home)).toEqual(['out']);
    expect((await lstat(join(home, 'out'))).isDirectory()).toBe(true);
  });

  it("passes the source's own error on, and an abort's reason", async () => {
    const bytes = await hostile([{ name: 'a' }, 'x'.repeat(50_000)]);
    const mine = new Error('the network went away');
    const breaking = async function* () {
      yield bytes.subarray(0, 30);
      throw mine;
    };
    await expect(unpackTarGz(breaking(), join(home, 'out'), limits)).rejects.toBe(mine);
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect(unpackTarGz(stream(bytes), join(home, 'out'), { ...limits, signal })).rejects.toBe(reason);
    expect(await readdir(home)).toEqual([]);
  });

  it('never throws anything but a fault for random bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (bytes) => {
        const outcome = await readTarGz(gzipSync(bytes), limits).catch((error: unknown) => error);
        expect(outcome).toSatisfy((value) => value instanceof Map || (value as Error).name === 'ArchiveFault');
      }),
      { numRuns: 50 },
    );
  });
});

async function tarOf(name: string, size: number): Promise<Uint8Array> {
  const tar = pack();
  const collected = buffer(tar);
  tar.entry({ name }, 'x'.repeat(size));
  tar.finalize();
  return collected;
}
