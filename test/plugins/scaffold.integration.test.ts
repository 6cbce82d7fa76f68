import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kinds } from '../../cli/scaffold/kinds.js';

const root = resolve(import.meta.dirname, '../..');
const env = { ...process.env, TUTTI_HTTP_PORT: '0' };

/** A new package outside of this repository, beside a `node_modules` as after `npm install`. */
describe.each(Object.keys(kinds))('tutti plugin new %s', (kind) => {
  let folder = '';
  const run = async (cwd: string, file: string, ...args: string[]): Promise<string> => {
    try {
      return (await promisify(execFile)(process.execPath, [join(root, file), ...args], { cwd, env })).stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`${file} ${args.join(' ')} failed: ${stdout}${stderr}`, { cause: error });
    }
  };
  const tutti = (...args: string[]) => run(folder, 'dist/cli/main.js', ...args);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tutti-scaffold-'));
    await tutti('plugin', 'new', kind, 'press', '--dir', 'new');
    await mkdir(join(folder, 'node_modules'));
    await symlink(root, join(folder, 'node_modules/tutti'));
    await symlink(join(root, 'node_modules/@types'), join(folder, 'node_modules/@types'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is nothing of what it was made from', async () => {
    const manifest = await readFile(join(folder, 'new/package.json'), 'utf8');
    expect(JSON.parse(manifest)).toMatchObject({ name: 'press', scripts: { build: 'tsc' } });
    for (const file of ['index.ts', 'profile.yaml', 'README.md']) {
      expect(await readFile(join(folder, 'new', file), 'utf8')).not.toMatch(new RegExp(`my-${kind}|unix-socket`));
    }
  });

  it('has no faulty types', async () => {
    await run(join(folder, 'new'), 'node_modules/typescript/bin/tsc');
  });

  it('passes its kits', { timeout: 300_000 }, async () => {
    expect(await tutti('plugin', 'test', 'new')).toMatch(/^[1-9]\d* passed, 0 failed, \d+ skipped$/m);
  });

  it('is loaded by a profile that is valid to the host and to an editor', async () => {
    expect(await tutti('validate', 'new/profile.yaml')).toContain('is valid: profile press');
    expect(await tutti('schema', 'new/profile.yaml')).toContain(`"${kind}.press"`);
    expect(await tutti('explain', `${kind}.press`, '-f', 'new/profile.yaml')).toMatch(/^From: +\.$/m);
  });

  it('runs', async () => {
    const host = spawn(process.execPath, [join(root, 'dist/cli/main.js'), 'run', 'new/profile.yaml'], {
      cwd: folder,
      env,
    });
    const ended = once(host, 'close');
    try {
      let ready = false;
      for await (const line of createInterface({ input: host.stdout })) {
        ready ||= line.startsWith('ready in ');
        if (ready) break;
      }
      expect(ready).toBe(true);
    } finally {
      host.kill('SIGTERM');
    }
    expect(await ended).toEqual([0, null]);
  });
});

describe('a new package beside a clone of Tutti', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tutti-scaffold-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is run and tested in its own folder after "npm install"', { timeout: 300_000 }, async () => {
    const own = join(folder, 'press');
    const run = async (file: string, ...args: string[]) => (await promisify(execFile)(file, args, { cwd: own })).stdout;
    await promisify(execFile)(process.execPath, [join(root, 'dist/cli/main.js'), 'plugin', 'new', 'target', 'press'], {
      cwd: folder,
    });
    // The compiler and the types of Node would come from a registry: here they come from where this one has them.
    const file = join(own, 'package.json');
    const manifest = JSON.parse(await readFile(file, 'utf8'));
    for (const name of ['typescript', '@types/node']) {
      manifest.devDependencies[name] = `file:${join(root, 'node_modules', name)}`;
    }
    await writeFile(file, JSON.stringify(manifest));
    await run('npm', 'install', '--offline', '--no-audit', '--no-fund');
    expect(await run('npx', '--no-install', 'tutti', 'validate', 'profile.yaml')).toContain('is valid: profile press');
    await run('npm', 'run', 'build');
    expect(await run('npm', 'test')).toMatch(/^[1-9]\d* passed, 0 failed, \d+ skipped$/m);
  });
});
