import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { send } from './device-api/http.js';
import { freePort } from './parts/daemon.js';
import { HostProcess } from './system/host.js';

const root = resolve(import.meta.dirname, '..');
const shipped = readdirSync(join(root, 'config')).filter((name) => name.endsWith('.yaml'));

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tutti-profiles-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('a whole fleet manager fits in 40 lines', () => {
  const lines = readFileSync(join(root, 'config/wfm.yaml'), 'utf8').trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(40);
});

describe.each(shipped)('%s', (profile) => {
  it('is valid as it is shipped', () => {
    const { TUTTI_DATA: _, ...env } = process.env;
    const file = join(root, 'config', profile);
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'dist/cli/main.js'), 'validate', file], {
      cwd: directory,
      env,
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    // To look at a profile leaves nothing behind.
    expect(readdirSync(directory)).toEqual([]);
  });

  // The one of several replicas needs a Redis and has its own suite: test/replicas.
  it.skipIf(profile === 'wfm.redis.yaml')('starts, answers, and stops', async () => {
    const wfm = new HostProcess({
      profile: 'wfm.yaml',
      directory: mkdtempSync(join(directory, 'wfm-')),
      env: { TUTTI_HTTP_PORT: String(await freePort()), TUTTI_ONBOARDING: 'approve' },
    });
    await wfm.start();
    const ca = readFileSync(join(wfm.data, 'pki', 'ca.crt'), 'utf8');
    try {
      if (profile.startsWith('wfm.')) {
        expect((await send(wfm.url, { path: '/readyz' }, ca)).text).toBe('ok\n');
        return;
      }
      const agent = new HostProcess({
        profile,
        directory: mkdtempSync(join(directory, 'agent-')),
        env: {
          TUTTI_WFM_URL: wfm.url.replace('127.0.0.1', 'localhost'),
          TUTTI_WFM_CA: join(wfm.data, 'pki', 'ca.crt'),
        },
      });
      await agent.start();
      try {
        expect((await fetch(`${agent.url}/livez`)).status).toBe(200);
        expect(await agent.health()).toMatch(/\(manager\.sync\)/);
      } finally {
        await agent.stop();
      }
    } finally {
      await wfm.stop();
    }
  });
});
