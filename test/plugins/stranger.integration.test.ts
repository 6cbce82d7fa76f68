import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const tutti = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)(process.execPath, [join(root, 'dist/cli/main.js'), ...args]);

/** The plugin outside of this repository, beside a `node_modules` that has tutti in it, as after `npm install tutti`. */
describe('a plugin from outside', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tutti-stranger-'));
    await cp(join(root, 'plugins/target-hello'), join(folder, 'target-hello'), { recursive: true });
    await mkdir(join(folder, 'node_modules'));
    await symlink(root, join(folder, 'node_modules/tutti'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function profile(config: string): Promise<string> {
    const file = join(folder, 'profile.yaml');
    await writeFile(
      file,
      `profile: hello\ndata: ${join(folder, 'data')}\nplugins: [./target-hello]\nproviders:\n  events: { type: events.memory }\n  state: { type: state.memory }\n  hello:\n    type: target.hello\n    config: ${config}\nmanagers:\n  reconcile: { type: manager.reconcile }\n`,
    );
    return file;
  }

  it('is loaded by path and wired like a built-in', async () => {
    const { stdout } = await tutti('validate', await profile('{ greeting: moin }'));
    expect(stdout).toContain('is valid');
  });

  it('has its config checked with positions, from its schema alone', async () => {
    const failure = await tutti('validate', await profile('{ greting: moin }')).then(
      () => undefined,
      (error: { code: number; stderr: string }) => error,
    );
    expect(failure?.code).toBe(2);
    expect(failure?.stderr).toContain('profile.yaml:9:');
    expect(failure?.stderr).toMatch(/greting[\s\S]*greeting/);
  });
});
