import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../../../../core/testing/index.js';
import { type Ended, HelmProgram } from './helm-program.js';

let root: string;
beforeEach(() => {
  clock = manualClock();
  root = mkdtempSync(join(tmpdir(), 'tutti-helm-'));
  mkdirSync(join(root, 'k3s'));
});
afterEach(() => rmSync(root, { recursive: true }));

let clock: ManualClock;
const signal = new AbortController().signal;
/** Runs this script as the helm of the release `web`. */
function run(script: string, { mode = 0o755 } = {}): Promise<Ended> {
  const path = join(root, 'helm');
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode });
  const program = new HelmProgram({ path, directory: join(root, 'k3s'), env: process.env, clock });
  return program.withScratch([], (scratch) =>
    program.run(['status', 'web'], { scratch, signal, release: 'web', milliseconds: 60_000 }),
  );
}

it('is noted before it begins, by its own number, and forgotten when it has ended', async () => {
  const { code, stdout } = await run(`read noted < ${join(root, 'k3s', 'web.pid')}; echo $noted $$ $*`);
  const [noted, own, ...args] = stdout.trim().split(' ');
  expect(noted).toBe(own);
  expect([code, args]).toEqual([0, ['status', 'web']]);
  expect(readdirSync(join(root, 'k3s'))).toEqual([]);
});

it('says how it ended', async () => {
  expect(await run('echo "Error: no" >&2; exit 1')).toMatchObject({ code: 1, stderr: 'Error: no\n' });
  const killed = await run('kill -9 $$');
  expect(killed.code).toBeUndefined();
  expect(killed.stderr).toContain('it was ended by SIGKILL');
});

it('says when it is no program, or there is none', async () => {
  await expect(run('', { mode: 0o644 })).rejects.toThrow(/helm cannot be run: .*[Pp]ermission denied/);
  rmSync(join(root, 'helm'));
  const path = join(root, 'nowhere');
  const program = new HelmProgram({ path, directory: join(root, 'k3s'), env: process.env, clock });
  const running = program.withScratch([], (scratch) =>
    program.run(['x', 'web'], { scratch, signal, release: 'web', milliseconds: 60_000 }),
  );
  await expect(running).rejects.toThrow(`the program ${path} is not there`);
});

it('does not begin when it is called off while it is looked for a helm of an earlier agent', async () => {
  const path = join(root, 'helm');
  writeFileSync(path, `#!/bin/sh\ntouch ${join(root, 'began')}\n`, { mode: 0o755 });
  const program = new HelmProgram({ path, directory: join(root, 'k3s'), env: process.env, clock });
  const asked = new AbortController();
  const running = program.withScratch([], (scratch) => {
    const running = program.run(['status', 'web'], {
      scratch,
      signal: asked.signal,
      release: 'web',
      milliseconds: 60_000,
    });
    asked.abort(new Error('enough'));
    return running;
  });
  await expect(running).rejects.toThrow('enough');
  expect(existsSync(join(root, 'began'))).toBe(false);
});

it('is killed with all that it began when its time is over, and what did not end is said', async () => {
  const begun = join(root, 'begun');
  const running = run(`touch ${begun}; sleep 1000; exit 0`);
  const late = expect(running).rejects.toMatchObject({
    code: 'timeout',
    message:
      'helm status of release web had not ended after 60 s, and was killed; do the registry and the cluster answer?',
  });
  await expect.poll(() => existsSync(begun)).toBe(true);
  await clock.advance(60_000);
  await late;
  expect(readdirSync(join(root, 'k3s'))).toEqual([]);
});

it('has no version when it does not say it in time', async () => {
  const path = join(root, 'helm');
  const begun = join(root, 'begun');
  writeFileSync(path, `#!/bin/sh\ntouch ${begun}; sleep 1000\n`, { mode: 0o755 });
  const asking = new HelmProgram({ path, directory: join(root, 'k3s'), env: process.env, clock }).version(signal);
  await expect.poll(() => existsSync(begun)).toBe(true);
  await clock.advance(30_000);
  expect(await asking).toEqual({ missing: expect.stringContaining('helm version had not ended after 30 s') });
});
