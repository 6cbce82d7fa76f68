import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selectCases } from '../../cli/conformance/select.js';
import { tryCases } from '../../cli/conformance/try-cases.js';

const root = resolve(import.meta.dirname, '../..');

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const tutti = (...args: string[]): Promise<Outcome> =>
  promisify(execFile)(process.execPath, [join(root, 'dist/cli/main.js'), 'plugin', 'test', ...args]).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Outcome) => ({ code, stdout, stderr }),
  );

/** An entry that does what its config says: nothing, or one of many bad things. */
const plugin = `
import { defineManager, z } from 'tutti/plugin';
const config = z.strictObject({ does: z.string().default('nothing').describe('What it does when it drains') });
export default defineManager({
  type: 'manager.tried', version: '1.2.3', config,
  create: ({ config: { does } }) => ({
    drain() {
      if (does === 'exit') process.exit(0);
      if (does === 'throw-later') return new Promise(() => setImmediate(() => { throw new Error('nobody caught it'); }));
      if (does === 'spin') for (;;);
      if (does === 'throw') throw new RangeError('no <room> & no "air"');
      return undefined;
    },
  }),
});
`;
const conformanceOf = (does: string): string => `
import { conformance } from 'tutti/testing';
import tried from './index.ts';
export default [conformance({ definition: tried, config: { does: '${does}' } })];
`;
const drains = 'drain succeeds, and stop after it';
const twice = 'stop twice succeeds';

describe('tutti plugin test', () => {
  let folder = '';
  const file = (does: string): string => join(folder, `${does}.ts`);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tutti-tried-'));
    await writeFile(join(folder, 'package.json'), '{ "name": "tried", "type": "module", "exports": "./index.ts" }');
    await writeFile(join(folder, 'index.ts'), plugin);
    for (const does of ['exit', 'spin', 'throw', 'throw-later']) await writeFile(file(does), conformanceOf(does));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('tries a folder that has nothing but a plugin', async () => {
    const { code, stdout } = await tutti(folder);
    expect(stdout).toContain('manager.tried 1.2.3');
    expect(stdout).toMatch(/^LEVEL +CASE +RESULT +MS$/m);
    expect(stdout).toMatch(new RegExp(`^idempotent +${twice} +passed +\\d+$`, 'm'));
    expect(stdout).toMatch(/\d+ passed, 0 failed, 2 skipped/);
    expect(code).toBe(0);
  });

  it('says what was expected, what was found and how to see it again', async () => {
    const { code, stdout, stderr } = await tutti(file('throw'), '--seed', '7', '--level', 'basic');
    const again = `tutti plugin test ${file('throw')} --case '${drains}' --seed 7`;
    expect(stdout).toContain(`FAILED ${drains} (lifecycle of manager.tried)`);
    expect(stdout).toContain('found     RangeError: no <room> & no "air"');
    expect(stdout).toContain('drain() threw RangeError: no <room> & no "air"');
    expect(stdout).toContain(`again     ${again}`);
    expect(stderr).toMatch(/error: 1 of \d+ cases failed/);
    expect(stderr).toContain(`try the first again: ${again}`);
    expect(code).toBe(1);
  });

  it.each([
    ['exit', 'it has ended its process with exit code 0'],
    ['throw-later', 'it has ended its process with exit code 1: Error: nobody caught it'],
  ])('a plugin that takes its process along has failed, and the cases after it are tried (%s)', async (does, found) => {
    const { code, stdout } = await tutti(file(does), '--level', 'basic', 'idempotent', '-o', 'json');
    const { cases } = JSON.parse(stdout) as { cases: { name: string; status: string; failure?: { found: string } }[] };
    expect(cases.find(({ name }) => name === drains)?.failure?.found).toContain(found);
    expect(cases.find(({ name }) => name === twice)?.status).toBe('passed');
    expect(code).toBe(1);
  });

  it('a plugin that lets nothing else happen has failed', async () => {
    const tried = await tryCases({
      path: file('spin'),
      program: { file: join(root, 'dist/cli/main.js'), args: ['plugin', 'try'] },
      seed: 1,
      signal: new AbortController().signal,
      select: (cases) => selectCases(cases, { case: drains }),
      progress: () => undefined,
      busy: 2_000,
    });
    expect(tried.map(({ failure }) => failure?.found)).toEqual([
      'its process was busy for 2000 ms and let nothing else happen',
    ]);
  });

  it('writes JUnit', async () => {
    const { code, stdout } = await tutti(file('throw'), '--case', drains, '-o', 'junit', '--seed', '7');
    expect(stdout).toMatch(
      /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites name="tutti plugin test" tests="1" failures="1"/,
    );
    expect(stdout).toContain('RangeError: no &lt;room&gt; &amp; no &quot;air&quot;');
    expect(code).toBe(1);
  });

  it('lists its cases and tries none', async () => {
    const { code, stdout } = await tutti(file('exit'), '--list', '--level', 'basic', 'idempotent');
    expect(stdout).toContain(twice);
    expect(stdout).not.toContain('RESULT');
    expect(code).toBe(0);
  });

  it.each([
    [['./nowhere'], 'there is nothing at ./nowhere'],
    [['FOLDER', '--case', 'stop twise succeeds'], 'did you mean "stop twice succeeds"?'],
    [['FOLDER', '--level', 'perfomance'], 'perfomance'],
    [['FOLDER/index.json'], 'there is nothing at'],
  ])('%j is refused in words', async (args, words) => {
    const { code, stdout, stderr } = await tutti(...args.map((each) => each.replace('FOLDER', folder)));
    expect(stderr).toContain(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});
