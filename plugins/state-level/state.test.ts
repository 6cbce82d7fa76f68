import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { collection, put, type StateProvider } from 'tutti/plugin';
import { cases, testContext } from 'tutti/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import conformance from './conformance.ts';
import definition from './index.ts';

for (const { name, run } of cases(conformance, { patience: 30_000, kills: 4 })) test(name, { timeout: 120_000 }, run);

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'state-level-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

test('a directory that another host uses is refused', async () => {
  const one = await testContext<StateProvider>(definition, { dataDir });
  const other = await testContext<StateProvider>(definition, { dataDir });
  await one.start();
  const message = expect.stringContaining('another host uses');
  await expect(other.start()).rejects.toMatchObject({ name: 'StateFault', reason: 'in-use', message });
  await other.dispose();
  await one.dispose();
  await other.start();
  await other.dispose();
});

test.each([
  ['of another program', 'foreign', Buffer.from('theirs'), Buffer.from('value')],
  ['of a newer version', 'newer', Buffer.from('\0\0f\0o\0r\0m\0\0', 'latin1'), Buffer.from([0, 0, 0, 0, 0, 0, 0, 2])],
])('a database %s is refused, and left as it is', async (_, reason, key, value) => {
  const directory = join(dataDir, 'state.level');
  const encodings = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const;
  const theirs = new ClassicLevel<Buffer, Buffer>(directory, encodings);
  await theirs.put(key, value);
  await theirs.close();
  const { start, dispose } = await testContext<StateProvider>(definition, { dataDir });
  await expect(start()).rejects.toMatchObject({ name: 'StateFault', reason });
  await dispose();
  const again = new ClassicLevel<Buffer, Buffer>(directory, encodings);
  expect(await again.keys().all()).toEqual([key]);
  await again.close();
});

test('nothing can be asked of one that is not open', async () => {
  const { instance, start, dispose } = await testContext<StateProvider>(definition, { dataDir });
  const notes = collection<{ text: string }>('notes');
  const closed = { name: 'StateFault', reason: 'closed' };
  await expect(instance.get(notes, 'a')).rejects.toMatchObject(closed);
  await start();
  const committed = instance.commit([put(notes, 'a', { text: 'hello' })]);
  await dispose();
  expect(await committed).toBe(1);
  await expect(instance.commit([put(notes, 'a', { text: 'hello' })])).rejects.toMatchObject(closed);
});
