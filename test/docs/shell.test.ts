import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Place, serve, Terminal } from './shell.js';

let place: Place;
let terminal: Terminal;
beforeEach(async () => {
  place = { directory: await mkdtemp(join(tmpdir(), 'shell-')), env: { PATH: process.env['PATH'] ?? '' } };
  terminal = new Terminal(place);
});
afterEach(async () => {
  await terminal.close();
  await rm(place.directory, { recursive: true });
});

async function script(text: string): Promise<string> {
  const file = join(place.directory, 'block.sh');
  await writeFile(file, text);
  return file;
}

test('what a block sets is there for the next one', async () => {
  expect(await terminal.run(await script('WORD=moin\nsay() { echo "$WORD, $1"; }\n'), 0)).toBe('');
  expect(await terminal.run(await script('say you\necho and >&2\n'), 0)).toBe('moin, you\nand\n');
});

test('the first command that fails ends a block, and is named with its line', async () => {
  await expect(terminal.run(await script('echo begun\nls ./nothing\necho never\n'), 0)).rejects.toThrow(
    /^ended with its shell, not 0, at its line 2: ls \.\/nothing\nbegun\n(?!.*never)/,
  );
});

test('a failure that is shown has to come, with its status', async () => {
  const failing = await script('echo begun; exit 2\n');
  expect(await terminal.run(failing, 2)).toBe('begun\n');
  await expect(terminal.run(failing, 3)).rejects.toThrow('ended with 2, not 3');
  await expect(terminal.run(await script('true\n'), 2)).rejects.toThrow('ended with 0, not 2');
});

test('what goes on for ever is stopped once it has said what is waited for', async () => {
  const endless = await script('echo one\necho two\nexec tail -f /dev/null\n');
  expect(await terminal.runUntil(endless, 'two')).toContain('one\ntwo\n');
  await expect(terminal.runUntil(await script('echo one\n'), 'two')).rejects.toThrow('ended without "two"\none');
  expect(await terminal.run(await script('echo still here\n'), 0)).toBe('still here\n');
});

test('what serves is heard saying one thing after the other', async () => {
  const serving = await serve(place, await script('echo ready; echo one; echo two; exec tail -f /dev/null\n'), 'ready');
  await serving.said('one');
  await serving.said('two');
  await serving.stop();
  await expect(serving.said('one')).rejects.toThrow('ended without "one"');
});

test('what serves is stopped with all of its processes', async () => {
  const serving = await serve(place, await script('tail -f /dev/null &\necho "ready in $!"\nwait\n'), 'ready in');
  await serving.stop();
  await expect(serve(place, await script('echo no\n'), 'ready in')).rejects.toThrow('ended without "ready in"');
});
