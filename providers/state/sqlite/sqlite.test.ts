import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { collection, put, StateFault, type StateProvider } from '../../../core/plugin/index.js';
import { recordingLogger, silentLogger, testContext } from '../../../core/testing/index.js';
import { closeDatabase, openDatabase } from './database.js';
import sqlite, { SqliteState } from './index.js';
import { queries } from './statements.js';

interface Doc {
  readonly n: number;
  readonly text?: string;
}
const docs = collection<Doc>('docs', { parity: ({ n }) => [n % 2 === 0 ? 'even' : 'odd'] });

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tutti-sqlite-'));
  file = join(directory, 'data', 'state.db');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function opened(options: { maxBytes?: number } = {}, log = silentLogger()): SqliteState {
  const state = new SqliteState({ file, ...options }, log);
  state.start();
  return state;
}

/** The fault that starting on the file ends with. */
function startFault(): StateFault {
  try {
    opened().stop();
  } catch (error) {
    if (error instanceof StateFault) return error;
    throw error;
  }
  throw new Error('it started');
}

test('the file is in the data directory unless told, and readable by its owner only', async () => {
  const context = await testContext<StateProvider>(sqlite);
  await context.start();
  await context.instance.commit([put(docs, 'a', { n: 1 })]);
  const files = readdirSync(context.dataDir);
  expect(files.sort()).toEqual(['state.db', 'state.db-wal']);
  for (const name of files) expect(statSync(join(context.dataDir, name)).mode & 0o777).toBe(0o600);
  await context.dispose();
  opened().stop();
  expect(statSync(join(directory, 'data')).mode & 0o777).toBe(0o700);
});

test('a stopped store leaves one file, and can be stopped twice or without a start', async () => {
  const state = opened();
  const commit = state.commit([put(docs, 'a', { n: 1 })]);
  await Promise.resolve();
  state.stop();
  state.stop();
  expect(await commit).toBe(1);
  expect(readdirSync(join(directory, 'data'))).toEqual(['state.db']);
  await expect(state.get(docs, 'a')).rejects.toMatchObject({ reason: 'closed' });
  new SqliteState({ file }, silentLogger()).stop();
});

test('a second host is refused, in this process and in another', () => {
  const state = opened();
  expect(startFault()).toMatchObject({
    reason: 'in-use',
    message: expect.stringContaining('is in use, by another host or'),
  });
  const script = `
    import { openDatabase } from ${JSON.stringify(new URL('database.ts', import.meta.url).href)};
    try { openDatabase({ file: ${JSON.stringify(file)} }) } catch (error) { console.log(error.reason) }`;
  const cwd = fileURLToPath(new URL('../../..', import.meta.url));
  const other = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { cwd });
  expect(other.stdout.toString() + other.stderr.toString()).toBe('in-use\n');
  state.stop();
  opened().stop();
});

test('a full disk does not keep a stopped store from giving its file back, with all that was committed', async () => {
  // A disk that is full is played by a limit on how large a file may grow: the log still has room, the database has not.
  // The process is another one, since the limit holds for all of it.
  const script = `
    import { collection, put } from ${JSON.stringify(new URL('../../../core/plugin/index.ts', import.meta.url).href)};
    import { silentLogger } from ${JSON.stringify(new URL('../../../core/testing/index.ts', import.meta.url).href)};
    import { SqliteState } from ${JSON.stringify(new URL('state.ts', import.meta.url).href)};
    const docs = collection('docs');
    const open = () => {
      const state = new SqliteState({ file: ${JSON.stringify(file)} }, silentLogger());
      state.start();
      return state;
    };
    const first = open();
    for (let n = 0; n < 20; n++) await first.commit([put(docs, 'new-' + n, { text: 'x'.repeat(3_000) })]);
    first.stop();
    const second = open();
    console.log(await second.count(docs));
    second.stop();`;
  const filled = opened();
  await filled.commit([...Array(120).keys()].map((n) => put(docs, `old-${n}`, { n, text: 'x'.repeat(3_000) })));
  filled.stop();
  const kibibytes = Math.ceil(statSync(file).size / 1024) + 8;
  const cwd = fileURLToPath(new URL('../../..', import.meta.url));
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', script];
  const limited = spawnSync('bash', ['-c', `ulimit -f ${kibibytes}; exec "$@"`, 'bash', ...node], { cwd });
  expect(limited.stdout.toString() + limited.stderr.toString()).toBe('140\n');
  expect(readdirSync(join(directory, 'data')).sort()).toEqual(['state.db', 'state.db-wal']);
  opened().stop();
  expect(readdirSync(join(directory, 'data'))).toEqual(['state.db']);
});

test('a file that is up to date is opened without a write, so that a full disk does not keep a host from starting', () => {
  opened().stop();
  const state = opened();
  const log = statSync(`${file}-wal`, { throwIfNoEntry: false });
  state.stop();
  expect(log?.size ?? 0).toBe(0);
});

test('a file of a newer version, of another program, or of nonsense is refused and stays as it is', () => {
  const database = openDatabase({ file });
  database.exec('PRAGMA state.user_version = 99');
  closeDatabase(database);
  const newer = readFileSync(file);
  expect(startFault()).toMatchObject({ reason: 'newer', message: expect.stringContaining('its schema is 99') });
  expect(readFileSync(file).equals(newer)).toBe(true);

  file = join(directory, 'foreign.db');
  const foreign = new DatabaseSync(file);
  foreign.exec('PRAGMA journal_mode = WAL; CREATE TABLE photos (id)');
  foreign.close();
  const before = readFileSync(file);
  expect(startFault()).toMatchObject({ reason: 'foreign' });
  expect(readFileSync(file).equals(before)).toBe(true);

  file = join(directory, 'nonsense.db');
  writeFileSync(file, 'not a database at all. '.repeat(500));
  expect(startFault()).toMatchObject({ reason: 'corrupt', message: expect.stringContaining('backup') });
});

test('a damaged file is named when it is read', async () => {
  const state = opened();
  for (let n = 0; n < 50; n++) await state.commit([put(docs, `k${n}`, { n, text: 'x'.repeat(5_000) })]);
  state.stop();
  truncateSync(file, statSync(file).size - 100_000);
  const damaged = async (): Promise<void> => {
    const again = opened();
    try {
      for (let n = 0; n < 50; n++) await again.get(docs, `k${n}`);
    } finally {
      again.stop();
    }
  };
  await expect(damaged()).rejects.toMatchObject({ reason: 'corrupt' });
});

test('a full disk is a clear error, writes nothing of the commit, and shows in health until writing works again', async () => {
  const log = recordingLogger();
  const state = opened({ maxBytes: 1024 * 1024 }, log);
  const first = await state.commit([put(docs, 'a', { n: 1 })]);
  const huge = [put(docs, 'a', { n: 2 }), put(docs, 'b', { n: 3, text: 'x'.repeat(2_000_000) })];
  await expect(state.commit(huge)).rejects.toMatchObject({ reason: 'full' });
  expect(await state.list(docs)).toEqual({ items: [{ key: 'a', revision: first, value: { n: 1 } }] });
  expect(await state.count(docs, { index: { name: 'parity', equals: 'even' } })).toBe(0);
  expect(state.health()).toMatchObject({ status: 'failed', reason: expect.stringContaining('no space left') });
  expect(log.lines.map(({ level }) => level)).toEqual(['error']);
  await state.commit([put(docs, 'c', { n: 4 })]);
  expect(state.health()).toEqual({ status: 'ok' });
  state.stop();
});

test('a commit that the database refuses is undone whole, and alone', async () => {
  const database = openDatabase({ file });
  database.exec(`CREATE TRIGGER state.poison BEFORE INSERT ON records WHEN NEW.key = 'poison'
    BEGIN SELECT RAISE(ABORT, 'poisoned'); END`);
  closeDatabase(database);
  const state = opened({ maxBytes: 1024 * 1024 });
  const outcomes = await Promise.allSettled([
    state.commit([put(docs, 'a', { n: 1 })]),
    state.commit([put(docs, 'b', { n: 2 }), put(docs, 'poison', { n: 3 })]),
    state.commit([put(docs, 'c', { n: 4 })]),
    state.commit([put(docs, 'd', { n: 5 }), put(docs, 'e', { n: 6, text: 'x'.repeat(2_000_000) })]),
    state.commit([put(docs, 'f', { n: 7 })]),
  ]);
  expect(outcomes).toMatchObject([
    { value: 1 },
    { reason: { message: 'poisoned' } },
    { value: 2 },
    { reason: { reason: 'full' } },
    { value: 3 },
  ]);
  expect((await state.list(docs)).items.map(({ key, revision }) => [key, revision])).toEqual([
    ['a', 1],
    ['c', 2],
    ['f', 3],
  ]);
  state.stop();
});

test('a commit for which there is no room does not take the others with it', async () => {
  const state = opened({ maxBytes: 1024 * 1024 });
  const outcomes = await Promise.allSettled([
    state.commit([put(docs, 'a', { n: 1 })]),
    state.commit([put(docs, 'b', { n: 2, text: 'x'.repeat(2_000_000) })]),
    state.commit([put(docs, 'c', { n: 3 })]),
  ]);
  expect(outcomes).toMatchObject([{ value: 1 }, { reason: { reason: 'full' } }, { value: 2 }]);
  state.stop();
});

test('lists are served by an index, in its order', () => {
  const database = openDatabase({ file });
  const plan = (sql: string): string =>
    database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }: { detail: string }) => detail)
      .join('; ');
  expect(plan(queries.list('>'))).toBe(
    'SEARCH records USING INDEX sqlite_autoindex_records_1 (collection=? AND key>?)',
  );
  for (const comparison of ['>', '>='] as const) {
    const byIndex = plan(queries.listByIndex(comparison));
    expect(byIndex).toBe(
      'SEARCH e USING PRIMARY KEY (collection=? AND name=? AND equals=? AND key>?); SEARCH r USING INTEGER PRIMARY KEY (rowid=?)',
    );
  }
  expect(plan(queries.get)).toContain('SEARCH records USING INDEX');
  expect(plan(queries.count)).toContain('USING COVERING INDEX');
  expect(plan(queries.countByIndex)).toContain('SEARCH index_entries USING PRIMARY KEY');
  closeDatabase(database);
});

test('a collection that is declared in two ways is refused', async () => {
  const state = opened();
  await state.commit([put(docs, 'a', { n: 1 })]);
  await expect(state.list(collection<Doc>('docs'))).rejects.toThrow('declared in two ways');
  state.stop();
});
