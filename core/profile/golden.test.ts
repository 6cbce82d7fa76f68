import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadProfile, ProfileError } from './index.js';
import { HostStatus, testRegistry } from './testdata/definitions.js';

const folder = join(import.meta.dirname, 'testdata/faulty');
const profiles = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

/** What a person reads: `<profile>.txt` beside each faulty profile. `#env NAME=value` lines set the environment. */
describe('the report on a faulty profile', () => {
  it.each(profiles)('%s', async (name) => {
    const file = join(folder, name);
    const text = readFileSync(file, 'utf8');
    const env = Object.fromEntries([...text.matchAll(/^#env (\w+)=(.*)$/gm)].map(([, key, value]) => [key, value]));
    const error = await loadProfile(file, {
      env,
      registry: testRegistry(),
      hostVersion: '0.1.0',
      hostRefs: [HostStatus],
    }).catch((thrown: unknown) => thrown);
    if (!(error instanceof ProfileError)) throw new Error(`${name} has no faults`, { cause: error });
    const report = error.report().replaceAll(join(folder, '..'), 'testdata');
    for (const value of Object.values(env).filter((one) => one)) {
      expect(report.replaceAll(/^.*#env.*$/gm, '')).not.toContain(value);
    }
    for (const secret of [
      'hunter',
      'swordfish',
      'opensesame',
      'kept-out-of-sight',
      'fallback-secret',
      '12345678',
      'tuna',
    ]) {
      expect(report).not.toContain(secret);
    }
    await expect(`${report}\n`).toMatchFileSnapshot(join(folder, name.replace(/\.yaml$/, '.txt')));
  });
});
