import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { problems } from '../../core/operation/index.js';
import type { StateProvider } from '../../core/ports/index.js';
import { type ManualClock, manualClock, recordingLogger } from '../../core/testing/index.js';
import { MemoryState } from '../../providers/state/memory/index.js';
import { TokenAccess, tokens } from './manager.js';
import { newToken, tokenText } from './token.js';

let dataDir: string;
let clock: ManualClock;
let state: MemoryState;
const log = recordingLogger();
const started: TokenAccess[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tutti-access-'));
  clock = manualClock();
  state = new MemoryState();
});
afterEach(async () => {
  for (const access of started.splice(0)) await access.stop();
  await rm(dataDir, { recursive: true });
});

async function start(on: StateProvider = state, directory = dataDir): Promise<TokenAccess> {
  const access = new TokenAccess({ state: on, clock, log, dataDir: directory });
  started.push(access);
  await access.start();
  return access;
}
const warnings = (from: number): string[] =>
  log.lines.slice(from).flatMap(({ level, message }) => (level === 'warn' ? [message] : []));
const file = (): string => join(dataDir, 'admin.token');
const inFile = async (): Promise<string> => (await readFile(file(), 'utf8')).trimEnd();

describe('the first admin token', () => {
  it('is left in a file that its owner alone can read', async () => {
    const access = await start();
    expect(await readFile(file(), 'utf8')).toMatch(/^tutti_[0-9a-f]{16}_[\w-]{43}\n$/);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(access.principalOf(await inFile())).toMatchObject({ kind: 'user', roles: ['admin'] });
  });

  it('stays the same over a restart', async () => {
    await start();
    const token = await inFile();
    const again = await start();
    expect(await inFile()).toBe(token);
    expect(again.principalOf(token)).toBeDefined();
    expect(await again.list()).toHaveLength(1);
  });

  it('is one, of hosts on one store that start together, and in the file of that host alone', async () => {
    const directories = ['one', 'two', 'three'].map((name) => join(dataDir, name));
    const hosts = await Promise.all(directories.map((directory) => start(state, directory)));
    expect(await state.count(tokens)).toBe(1);
    const left = await Promise.all(
      directories.map((each) => readFile(join(each, 'admin.token'), 'utf8').catch(() => '')),
    );
    const [token, ...more] = left.filter((text) => text !== '');
    expect(more).toEqual([]);
    for (const host of hosts) await expect.poll(() => host.principalOf(token?.trim() ?? '')).toBeDefined();
  });

  it('is taken over from the file when a crash lost the commit', async () => {
    const broken = Object.assign(new MemoryState(), { commit: () => Promise.reject(new Error('power cut')) });
    await expect(start(broken)).rejects.toThrow('power cut');
    const token = await inFile();
    await chmod(file(), 0o644);
    const access = await start();
    expect(await inFile()).toBe(token);
    expect(access.principalOf(token)).toBeDefined();
    expect((await stat(file())).mode & 0o777).toBe(0o600);
  });

  it('is made anew when the file holds something else', async () => {
    await writeFile(file(), 'not a token\n');
    const access = await start();
    expect(access.principalOf(await inFile())).toBeDefined();
  });

  it('is made anew at start when every admin token has expired, and never from the file', async () => {
    const access = await start();
    const first = (await access.list())[0];
    await access.issue({ name: 'short', role: 'admin', lifetimeSeconds: 60 });
    await access.revoke(first?.id ?? '');
    await writeFile(file(), `${tokenText(newToken())}\n`);
    const planted = await inFile();
    await clock.advance(61_000);
    const again = await start();
    expect(await inFile()).not.toBe(planted);
    expect(again.principalOf(planted)).toBeUndefined();
    expect(again.principalOf(await inFile())).toBeDefined();
  });

  it.each([undefined, '', 'not a token'])(
    'is missed when its file holds %j, and can be asked for anew',
    async (left) => {
      const before = log.lines.length;
      await start();
      const first = await inFile();
      expect(warnings(before)).toEqual([]);
      await (left === undefined ? rm(file()) : writeFile(file(), left));
      await start();
      expect(warnings(before)).toEqual([expect.stringContaining('admin.token.reset')]);

      await writeFile(`${file()}.reset`, '');
      const access = await start();
      await expect(stat(`${file()}.reset`)).rejects.toThrow('ENOENT');
      const second = await inFile();
      expect(second).not.toBe(first);
      expect(access.principalOf(second)).toMatchObject({ roles: ['admin'] });
      expect(access.principalOf(first)).toMatchObject({ roles: ['admin'] });
      expect(log.lines).toContainEqual(
        expect.objectContaining({
          message: 'audit',
          fields: expect.objectContaining({ audit: true, action: 'tokens.create', object: second.slice(6, 22) }),
        }),
      );
      await start();
      expect(await inFile()).toBe(second);
    },
  );

  it('is not missed once it was revoked', async () => {
    const access = await start();
    const [first] = await access.list();
    await access.issue({ name: 'other', role: 'admin' });
    await access.revoke(first?.id ?? '');
    const before = log.lines.length;
    await start();
    expect(warnings(before)).toEqual([]);
  });

  it('takes its file along when it is revoked, so that it cannot come back', async () => {
    const access = await start();
    const [first] = await access.list();
    await access.issue({ name: 'other', role: 'admin' });
    await access.revoke(first?.id ?? '');
    await expect(stat(file())).rejects.toThrow('ENOENT');
  });
});

describe('tokens', () => {
  it('are known by their secret alone', async () => {
    const access = await start();
    const { token, record } = await access.issue({ name: 'ci', role: 'operator' });
    expect(access.principalOf(token)).toEqual({ kind: 'user', id: `token:${record.id}`, roles: ['operator'] });
    const wrong = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
    for (const bad of [wrong, tokenText(newToken()), '', 'tutti_', `${token}x`, `tutti_${record.id}_`]) {
      expect(access.principalOf(bad)).toBeUndefined();
    }
  });

  it('expire', async () => {
    const access = await start();
    const { token } = await access.issue({ name: 'short', role: 'viewer', lifetimeSeconds: 10 });
    await clock.advance(9_999);
    expect(access.principalOf(token)).toBeDefined();
    await clock.advance(1);
    expect(access.principalOf(token)).toBeUndefined();
  });

  it('do not last longer than ten years', async () => {
    const access = await start();
    const lasting = access.issue({ name: 'long', role: 'viewer', lifetimeSeconds: Number.MAX_SAFE_INTEGER });
    await expect(lasting).rejects.toMatchObject({ kind: { status: 422 }, errors: [{ field: 'lifetimeSeconds' }] });
  });

  it('show no secret, neither in lists, nor in the store, nor in the log', async () => {
    const access = await start();
    const { token } = await access.issue({ name: 'ci', role: 'operator' });
    const secret = token.slice(-43);
    const listed = await access.list();
    expect(JSON.stringify(listed)).not.toMatch(/secret/i);
    const kept = await state.list({ name: 'access-tokens', content: 'json', indexes: {} });
    expect(JSON.stringify(kept)).not.toContain(secret);
    expect(JSON.stringify(log.lines)).not.toContain(secret);
  });

  it('are refused everywhere once they are revoked', async () => {
    const access = await start();
    const other = await start();
    const { token, record } = await access.issue({ name: 'ci', role: 'operator' });
    await expect.poll(() => other.principalOf(token)).toBeDefined();
    await access.revoke(record.id);
    expect(access.principalOf(token)).toBeUndefined();
    await expect.poll(() => other.principalOf(token)).toBeUndefined();
    await expect(access.revoke(record.id)).rejects.toMatchObject({ kind: { status: 404 } });
  });

  it('leave an admin, even when two are revoked at once, on one host or two', async () => {
    const access = await start();
    const other = await start();
    for (const second of [access, other]) {
      const [first] = await access.list();
      const { record } = await access.issue({ name: 'second', role: 'admin' });
      await expect.poll(() => second.list()).toContainEqual(record);
      const ends = await Promise.allSettled([access.revoke(first?.id ?? ''), second.revoke(record.id)]);
      expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(ends).toContainEqual(
        expect.objectContaining({ reason: expect.objectContaining({ kind: problems.conflict }) }),
      );
      expect(await state.count(tokens)).toBe(1);
    }
  });
});
