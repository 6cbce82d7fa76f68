import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandLine } from '../../test/cli/command-line.js';

const run = commandLine();
const tutti = (...words: string[]) => run(words);

describe('tutti plugin new', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tutti-new-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('writes a package under the names that it is given, and says what comes next', async () => {
    const dir = join(folder, 'press');
    const { code, out } = await tutti('plugin', 'new', 'target', '@plant-a/press', '--dir', dir);
    expect(code).toBe(0);
    expect(out).toContain(`npx tutti run ${dir}/profile.yaml`);
    expect(out).toContain(`npx tutti plugin test ${dir}`);
    const manifest = JSON.parse(await readFile(join(dir, 'package.json'), 'utf8'));
    expect(manifest).toMatchObject({ name: '@plant-a/press', type: 'module', exports: './index.ts' });
    expect(Object.keys(manifest.devDependencies)).toEqual(['@types/node', 'typescript', 'tutti']);
    expect(join(dir, manifest.devDependencies.tutti.replace('file:', ''))).toBe(process.cwd());
    const files = await readdir(dir);
    expect(files).toContain('.gitignore');
    for (const file of files) expect(await readFile(join(dir, file), 'utf8')).not.toContain('my-target');
    expect(await readFile(join(dir, 'index.ts'), 'utf8')).toContain("type: 'target.press'");
  });

  it('overwrites nothing', async () => {
    await writeFile(join(folder, 'mine.txt'), 'mine');
    const taken = await tutti('plugin', 'new', 'target', 'press', '--dir', folder);
    expect(taken).toMatchObject({ code: 2, out: '' });
    expect(taken.err).toContain('nothing is overwritten');
    expect(await readdir(folder)).toEqual(['mine.txt']);
    expect(await tutti('plugin', 'new', 'target', 'press', '--dir', join(folder, 'mine.txt'))).toMatchObject({
      code: 2,
    });
  });

  it('takes a folder that is there and empty', async () => {
    const dir = join(folder, 'empty');
    await mkdir(dir);
    expect(await tutti('plugin', 'new', 'target', 'press', '--dir', dir)).toMatchObject({ code: 0 });
  });

  it.each([
    [['traget', 'press'], 'did you mean "target"?'],
    [['broker', 'press'], 'there are: target, state,'],
    [['target', 'My Press'], '"My Press" is not a name'],
  ])('refuses %j', async (words, message) => {
    const refused = await tutti('plugin', 'new', ...words, '--dir', join(folder, 'press'));
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toContain(message);
    expect(await readdir(folder)).toEqual([]);
  });
});
