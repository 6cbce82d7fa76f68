import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandLine } from '../../test/cli/command-line.js';

const run = commandLine();
const tutti = (...words: string[]) => run(words);

let directory: string;
let profile: string;
let lock: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tutti-proto-'));
  profile = join(directory, 'gauges.yaml');
  lock = join(directory, 'my.lock.json');
  await writeFile(
    profile,
    `profile: gauges
plugins: ["${resolve('cli/testdata/gauge.ts')}"]
vendors: { gauges: { type: vendor.gauge }, system: { type: vendor.system } }
bindings: { http: { type: binding.http } }
`,
  );
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('tutti proto', () => {
  it('prints what a profile would serve, and keeps the numbers of what is not built in', async () => {
    const first = await tutti('proto', profile, '--lock', lock);
    expect(first).toMatchObject({ code: 0, err: `${lock}: 3 numbers added\n` });
    expect(first.out).toContain('service Gauges {');
    expect(first.out).toContain('service System {');
    expect(JSON.parse(await readFile(lock, 'utf8'))).toEqual({
      'tutti.v1.GaugesReadRequest': { 'name: string': 1, 'unit: string': 2 },
      'tutti.v1.GaugesReadResponse': { 'value: double': 1 },
    });
    expect(await tutti('proto', profile, '--lock', lock, '--check')).toMatchObject({ code: 0, err: '' });
  });

  it('never gives the number of a field that is gone to another', async () => {
    await writeFile(lock, '{"tutti.v1.GaugesReadRequest":{"gone: bool":1,"name: string":4}}');
    const { out } = await tutti('proto', profile, '--lock', lock);
    expect(out).toMatch(/message GaugesReadRequest \{\n {2}reserved 1;\n(?: +\/\/.*\n)* +optional string name = 4;/);
    expect(out).toContain('optional string unit = 5;');
    expect(await readFile(lock, 'utf8')).toContain('"gone: bool": 1');
  });

  it('fails the check where a field has no number, and writes nothing', async () => {
    const { code, err } = await tutti('proto', profile, '--lock', lock, '--check');
    expect(code).toBe(1);
    expect(err).toContain('3 fields have no locked number, the first of them: tutti.v1.GaugesReadRequest name: string');
    await expect(readFile(lock)).rejects.toThrow('ENOENT');
  });

  it('says what is wrong with a lock or a profile', async () => {
    await writeFile(lock, '{"a":{"b: bool":"x"}}');
    expect(await tutti('proto', profile, '--lock', lock)).toMatchObject({
      code: 2,
      err: expect.stringContaining('expected a whole number from 1, found x'),
    });
    await writeFile(profile, 'profile: none\nproviders: { store: { type: state.memory } }\n');
    expect(await tutti('proto', profile)).toMatchObject({
      code: 2,
      err: expect.stringContaining('offers no operations'),
    });
  });
});
