import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeWith } from '../parts/index.js';

const patience = 180_000;
let data: string;
let running: ChildProcess | undefined;

beforeEach(async () => {
  data = join(await mkdtemp(join(tmpdir(), 'demo-')), 'data');
});
afterEach(async () => {
  running?.kill('SIGKILL');
  await rm(join(data, '..'), { recursive: true, force: true });
});

/** The demo as a person starts it, and what it prints. */
function demo(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, ['cli/demo/start.mjs', '--data', data, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running = child;
  let text = '';
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      for (const wake of waiting) wake();
    });
  }
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, text }));
  const prints = (what: string) =>
    Promise.race([
      new Promise<void>((resolve) => {
        const look = (): void => (text.includes(what) ? resolve() : undefined);
        waiting.add(look);
        look();
      }),
      ended.then(({ code }) => {
        if (!text.includes(what)) throw new Error(`ended with ${code} without "${what}":\n${text}`);
      }),
    ]);
  return { child, ended, prints, text: () => text };
}

const workloadOf = (text: string): string => /workload at (http:\S+)/.exec(text)?.[1] ?? '';
const pidOf = async (name: string): Promise<number> => {
  const { readdir } = await import('node:fs/promises');
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (environment.includes(`TUTTI_DATA=${join(data, name)}\0`) && command.includes('main.js\0run'))
      return Number(pid);
  }
  throw new Error(`there is no ${name}`);
};

describe('npm run demo', () => {
  it('shows a workload that answers, tears down and exits 0 with --exit', { timeout: patience }, async () => {
    const { code, text } = await demo(['--exit']).ended;
    expect(text).toContain('"greeting":"Hello from a device","version":"1.0.0"');
    expect(text).toContain('nothing is left behind');
    expect(code).toBe(0);
  });

  it('goes on until it is told to stop, and leaves nothing running', { timeout: patience }, async () => {
    const { child, ended, prints, text } = demo([]);
    await prints('Ctrl-C stops everything');
    const workload = workloadOf(text());
    expect((await fetch(workload)).status).toBe(200);
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
    expect(text()).toContain('nothing is left behind');
    await expect(fetch(workload)).rejects.toThrow('fetch failed');
    await expect(pidOf('wfm')).rejects.toThrow('there is no wfm');
    await expect(pidOf('agent')).rejects.toThrow('there is no agent');
  });

  it('says which host ended, shows its log, and still removes the workload', { timeout: patience }, async () => {
    const { ended, prints, text } = demo([]);
    await prints('Ctrl-C stops everything');
    const workload = workloadOf(text());
    process.kill(await pidOf('agent'), 'SIGKILL');
    expect((await ended).code).toBe(1);
    expect(text()).toContain('The demo failed: the agent ended (SIGKILL)');
    expect(text()).toMatch(/last lines of .*agent\.log:\n[\s\S]*INFO/);
    await expect(fetch(workload)).rejects.toThrow('fetch failed');
  });

  it('says what is missing when no engine answers', { timeout: patience }, async () => {
    const { code, text } = await demo(['--runtime', 'docker', '--exit'], { DOCKER_HOST: 'unix:///nowhere.sock' }).ended;
    expect(text).toContain('no Docker engine answers at unix:///nowhere.sock');
    expect(code).toBe(1);
  });

  it('refuses words that it does not know', { timeout: patience }, async () => {
    const { code, text } = await demo(['--runtime', 'podman']).ended;
    expect(text).toContain('--runtime is process or docker, not "podman"');
    expect(code).toBe(2);
  });
});

describeWith(['docker'], 'npm run demo -- --runtime docker', (start) => {
  it('shows a container that answers, and removes it', { timeout: patience }, async () => {
    const engine = await start.docker();
    try {
      const { code, text } = await demo(['--runtime', 'docker', '--exit'], engine.env).ended;
      expect(text).toContain('"greeting":"Hello from a device","version":"1.0.0","runtime":"container');
      expect(text).toContain('nothing is left behind');
      expect(code).toBe(0);
      expect(await engine.client.listContainers({ all: true })).toEqual([]);
    } finally {
      await engine.stop();
    }
  });
});
