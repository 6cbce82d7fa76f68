import { appendFile, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LogFiles } from './logs.js';

let folder: string;
let logs: LogFiles;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'tutti-logs-'));
  logs = new LogFiles(folder, { bytes: 1_000, files: 2 });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const aside = (number: number): string => path.join(folder, `output.log.${number}`);
const sizeOf = async (file: string): Promise<number> => (await stat(file)).size;

test('of what came faster than it was looked at only the end is kept', async () => {
  for (const round of [1, 2, 3, 4]) {
    await appendFile(logs.current, `${'x'.repeat(100_000)}\nend of round ${round}\n`);
    await logs.rotate();
    expect(await sizeOf(logs.current)).toBe(0);
  }
  expect((await readdir(folder)).sort()).toEqual(['output.log', 'output.log.1', 'output.log.2']);
  expect([await sizeOf(aside(1)), await sizeOf(aside(2))]).toEqual([1_000, 1_000]);
  expect(await readFile(aside(1), 'utf8')).toMatch(/x\nend of round 4\n$/);
  expect(await readFile(aside(2), 'utf8')).toMatch(/x\nend of round 3\n$/);
});

test('a disk without room for what is set aside does not let the log grow', async () => {
  const single = new LogFiles(folder, { bytes: 1_000, files: 1 });
  await symlink('/dev/full', aside(1));
  await writeFile(single.current, 'x'.repeat(5_000));
  await expect(single.rotate()).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(await readdir(folder)).toEqual(['output.log']);
  expect(await sizeOf(single.current)).toBe(0);

  await writeFile(single.current, 'y'.repeat(5_000));
  await single.rotate();
  expect(await readFile(aside(1), 'utf8')).toBe('y'.repeat(1_000));
});
