import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Plugins that end the process of whoever asks about them: nobody may take that for success. */
describe.each(['validate', 'run'])('tutti %s', (command) => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tutti-early-end-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** @returns the exit status, and what was told */
  function told(plugin: string): readonly [number | null, string] {
    const profile = join(folder, 'profile.yaml');
    const data = JSON.stringify(join(folder, 'data'));
    writeFileSync(join(folder, 'it.ts'), plugin);
    writeFileSync(profile, `profile: p\ndata: ${data}\nplugins: [./it.ts]\nvendors: { it: { type: vendor.it } }\n`);
    const words = ['dist/cli/main.js', command, profile];
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
    return [status, stdout + stderr];
  }
  const vendor = (more: string): string => `
    import { defineVendor, z } from 'tutti/plugin';
    export default defineVendor({ type: 'vendor.it', version: '1.0.0', ${more} });`;
  const exits = 'process.exit(0)';

  it('fails, and names the plugin, when its import ends the process', () => {
    const words =
      'error: the process was ended, with exit code 0, while importing "./it.ts"; a plugin must not end it\n';
    expect(told(`${exits};`)).toEqual([1, words]);
  });

  it('fails, and names the entry, when the check of its config ends the process', () => {
    const config = `config: z.object({}).refine(() => ${exits}), create: () => ({})`;
    expect(told(vendor(config))).toEqual([1, expect.stringContaining('while checking vendors.it.config; a plugin')]);
  });

  it('fails when it is made and ends the process', () => {
    const words = 'error: the process ended before the command was done (exit code 0)';
    expect(told(vendor(`create: () => ${exits}`))).toEqual([1, expect.stringContaining(words)]);
  });
});
