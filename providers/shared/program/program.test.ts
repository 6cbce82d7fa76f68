import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { endOrphan } from './index.js';

let directory: string;
let note: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tutti-program-'));
  note = join(directory, 'web.pid');
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A program that an earlier agent has left, with the word `web`. */
async function left({ detached }: { readonly detached: boolean }): Promise<ChildProcess> {
  const script = 'echo begun; read never';
  const child = spawn('/bin/sh', ['-c', script, 'web'], { detached, stdio: ['pipe', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  writeFileSync(note, String(child.pid));
  return child;
}

it('ends what an earlier agent left, and forgets it', async () => {
  const orphan = await left({ detached: true });
  const ended = once(orphan, 'exit');
  await endOrphan(note, 'web', new AbortController().signal);
  expect(await ended).toEqual([null, 'SIGKILL']);
  expect(existsSync(note)).toBe(false);
});

it('leaves off on an abort where it does not end, and does not forget it', async () => {
  // In the group of the tests, no signal reaches it: as one that the kernel keeps.
  const orphan = await left({ detached: false });
  try {
    const asked = new AbortController();
    const ending = endOrphan(note, 'web', asked.signal);
    asked.abort(new Error('enough'));
    await expect(ending).rejects.toThrow('enough');
    expect(existsSync(note)).toBe(true);
  } finally {
    const ended = once(orphan, 'exit');
    orphan.kill('SIGKILL');
    await ended;
  }
});
