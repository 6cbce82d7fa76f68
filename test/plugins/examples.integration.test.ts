import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const examples = [
  'target-script',
  'state-level',
  'secret-helper',
  'vendor-maintenance',
  'event-webhook',
  'binding-unix-socket',
];

/** A plugin outside of this repository, beside a `node_modules` as after `npm install`: with what was built, not the sources. */
async function copied(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `tutti-${name}-`));
  const kept = (path: string): boolean => !/\/(node_modules|data)$/.test(path);
  await cp(join(root, 'plugins', name), folder, { recursive: true, filter: kept });
  await mkdir(join(folder, 'node_modules'));
  await symlink(root, join(folder, 'node_modules/tutti'));
  for (const library of ['vitest', '@types', 'tsx', 'classic-level']) {
    await symlink(join(root, 'node_modules', library), join(folder, 'node_modules', library));
  }
  return folder;
}

describe.each(examples)('%s, copied', (name) => {
  let folder = '';
  const run = (file: string, ...args: string[]) =>
    promisify(execFile)(process.execPath, [join(root, file), ...args], { cwd: folder });

  beforeAll(async () => {
    folder = await copied(name);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('finds all that it needs in the author API and its own dependencies, with types', async () => {
    await run('node_modules/typescript/bin/tsc', '-p', folder);
    const { dependencies = {} } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    const files = (await readdir(folder)).filter((file) => file.endsWith('.ts'));
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    const imported = texts.flatMap((text) => [...text.matchAll(/ from '([^']+)'/g)].map(([, from]) => from ?? ''));
    const strange = imported.filter(
      (from) => !/^(?:node:|\.\/|tutti\/|vitest$)/.test(from) && !Object.hasOwn(dependencies, from),
    );
    expect(strange).toEqual([]);
  });

  it('passes its kits', { timeout: 300_000 }, async () => {
    const { stdout } = await run('dist/cli/main.js', 'plugin', 'test', '.');
    expect(stdout).toMatch(/^[1-9]\d* passed, 0 failed, \d+ skipped$/m);
  });

  it('has a profile that is valid', async () => {
    const { stdout } = await run('dist/cli/main.js', 'validate', 'profile.yaml');
    expect(stdout).toContain('profile.yaml is valid');
  });
});

describe('target-hello, copied', () => {
  it('passes its kits, but for what it says it cannot', async () => {
    const folder = await copied('target-hello');
    try {
      const words = [join(root, 'dist/cli/main.js'), 'plugin', 'test', folder];
      const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: folder });
      expect(stdout).toMatch(/^[1-9]\d* passed, 0 failed, \d+ skipped, 1 failed as expected$/m);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

// That the tests of an example find what they need is the same for all of them; what they say is tested in plugins/.
describe('vendor-maintenance, copied', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await copied('vendor-maintenance');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('passes its tests where it lies', { timeout: 300_000 }, async () => {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const { stdout } = await promisify(execFile)(process.execPath, [vitest, 'run', '--root', folder], {
      cwd: folder,
    });
    expect(stdout).toMatch(/Tests .*passed/);
  });
});
