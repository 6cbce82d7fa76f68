import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Deployment } from './northbound.js';
import { margoYaml, pushComponent, pushPackage, sleeper } from './samples.js';
import { makeSite, type Site } from './site.js';
import { adoptedVersions, leftovers, retryPauses } from './traces.js';
import { type Workload, workloadsOf } from './workloads.js';

const patience = { timeout: 20_000, interval: 50 };

describe('deployments to a device that runs processes', () => {
  let site: Site;
  let device: string;
  let good: string;
  let better: string;
  let broken: string;

  beforeAll(async () => {
    site = await makeSite();
    await site.wfm.start();
    const versions = { '1.0.0': 'healthy', '2.0.0': 'healthy', '3.0.0': 'never healthy' } as const;
    const to = site.registry();
    for (const [version, health] of Object.entries(versions)) {
      await pushComponent(to, 'components/sleeper', version, 'process', sleeper(version, health));
      const components = { main: 'components/sleeper' };
      const yaml = { id: 'com-acme-sleeper', version, type: 'custom', components, timeout: '1s' } as const;
      await pushPackage(to, 'packages/sleeper', margoYaml(site.host, yaml));
    }
    const load = (tag: string): Promise<string> => site.api.import(`sleeper-${tag}`, 'packages/sleeper', tag);
    [good, better, broken] = [await load('1.0.0'), await load('2.0.0'), await load('3.0.0')];
    await site.agent.start();
    device = await site.api.onlyDevice();
  });
  afterEach(async () => {
    if (!site) return;
    for (const { id } of await site.api.deployments()) await site.api.remove(id);
    await removed();
  });
  afterAll(() => site?.close());

  const reported = (id: string, state: string): Promise<Deployment> =>
    vi.waitFor(async () => {
      const deployment = await site.api.deployment(id);
      expect(deployment).toMatchObject({ status: { state } });
      if (!deployment) throw new Error('no deployment');
      return deployment;
    }, patience);
  const runs = (...expected: Partial<Workload>[]): Promise<Workload[]> =>
    vi.waitFor(() => {
      const found = workloadsOf(site.agent.data);
      expect(found).toEqual(expect.arrayContaining(expected.map((one) => expect.objectContaining(one))));
      expect(found).toHaveLength(expected.length);
      return found;
    }, patience);
  const only = async (expected: Partial<Workload>): Promise<Workload> => {
    const [workload] = await runs(expected);
    if (!workload) throw new Error('nothing runs');
    return workload;
  };
  const removed = (): Promise<void> =>
    vi.waitFor(async () => {
      expect(await site.api.deployments()).toEqual([]);
      expect(workloadsOf(site.agent.data)).toEqual([]);
      expect(leftovers(site.agent.data)).toEqual([]);
    }, patience);

  it('are installed, changed, brought to another version, and removed', async () => {
    const { id } = await site.api.deploy('line', good, device);
    const first = await only({ application: id, component: 'main', version: '1.0.0', greeting: 'hello' });
    await reported(id, 'INSTALLED');

    await site.api.update(id, { parameters: { greeting: 'bonjour' } });
    const second = await only({ application: id, version: '1.0.0', greeting: 'bonjour' });
    expect(second.pid).not.toBe(first.pid);
    await reported(id, 'INSTALLED');

    await site.api.update(id, { packageId: better });
    await only({ application: id, version: '2.0.0', greeting: 'bonjour' });
    expect(await reported(id, 'INSTALLED')).toMatchObject({ spec: { version: '2.0.0' } });
    // The data is the same throughout, and nothing was started more often than it was asked for.
    const starts = join(site.agent.data, 'process', id, 'main/data/starts');
    expect(readFileSync(starts, 'utf8')).toBe('1.0.0 hello\n1.0.0 bonjour\n2.0.0 bonjour\n');

    await site.api.remove(id);
    await removed();
  });

  it('say why a version never gets healthy, and run again with the version before', async () => {
    const { id } = await site.api.deploy('line', good, device);
    await only({ version: '1.0.0' });

    await site.api.update(id, { packageId: broken });
    const failed = await reported(id, 'FAILED');
    expect(failed.status.components).toMatchObject([
      {
        name: 'main',
        state: 'failed',
        error: { code: 'UNHEALTHY', message: expect.stringContaining('health command') },
      },
    ]);
    expect(await site.agent.health()).toContain('1 of 1 applications failing: line');

    await site.api.update(id, { packageId: good });
    await only({ application: id, version: '1.0.0' });
    expect((await reported(id, 'INSTALLED')).spec.version).toBe('1.0.0');
  });

  it('are never held up by another that always fails', async () => {
    const bad = await site.api.deploy('bad', broken, device);
    await reported(bad.id, 'FAILED');
    const { id } = await site.api.deploy('line', good, device);
    await reported(id, 'INSTALLED');
    await vi.waitFor(
      () => expect(workloadsOf(site.agent.data)).toContainEqual(expect.objectContaining({ application: id })),
      patience,
    );
    // It is tried again ever more rarely, whatever its own failures stir up.
    const pauses = await vi.waitFor(() => {
      const found = retryPauses(site.agent.output(), bad.id);
      expect(found.length).toBeGreaterThanOrEqual(3);
      return found;
    }, patience);
    expect(pauses.slice(0, 3).map((pause, index) => pause >= 400 * 2 ** index)).toEqual([true, true, true]);
    expect(await site.api.deployment(bad.id)).toMatchObject({ status: { state: 'FAILED' } });
  });

  it('are there again after a workload was killed by hand', async () => {
    const { id } = await site.api.deploy('line', good, device);
    const { pid } = await only({ application: id });
    await reported(id, 'INSTALLED');
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(workloadsOf(site.agent.data).map((one) => one.pid)).not.toContain(pid), patience);
    const again = await only({ application: id, version: '1.0.0' });
    expect(again.pid).not.toBe(pid);
    await reported(id, 'INSTALLED');
  });

  it('survive a restart of the agent untouched', async () => {
    const { id } = await site.api.deploy('line', good, device);
    await reported(id, 'INSTALLED');
    const before = await only({ application: id });
    await site.agent.stop();
    expect(workloadsOf(site.agent.data)).toEqual([before]);
    await site.agent.start();
    // By the time that it has installed another one it would have touched this one too.
    const other = await site.api.deploy('other', good, device);
    await reported(other.id, 'INSTALLED');
    expect(workloadsOf(site.agent.data).filter(({ application }) => application === id)).toEqual([before]);
    const starts = join(site.agent.data, 'process', id, 'main/data/starts');
    expect(readFileSync(starts, 'utf8')).toBe('1.0.0 hello\n');
  });

  it('reach an agent that was away while they changed', async () => {
    const kept = await site.api.deploy('kept', good, device);
    const dropped = await site.api.deploy('dropped', good, device);
    await reported(kept.id, 'INSTALLED');
    const same = await site.api.deploy('same', good, device);
    await reported(dropped.id, 'INSTALLED');
    await reported(same.id, 'INSTALLED');
    await site.agent.kill();
    await site.api.remove(dropped.id);
    await site.api.update(kept.id, { packageId: better, parameters: { greeting: 'away' } });
    await site.api.update(kept.id, { parameters: { greeting: 'back' } });
    const made = await site.api.deploy('made', better, device);
    await site.api.update(same.id, { parameters: { greeting: 'for a moment' } });
    await site.api.update(same.id, { parameters: { greeting: 'hello' } });
    // Nobody is there to do anything about it.
    expect(workloadsOf(site.agent.data)).toHaveLength(3);
    await site.agent.start();
    await runs(
      { application: kept.id, version: '2.0.0', greeting: 'back' },
      { application: made.id, version: '2.0.0', greeting: 'hello' },
      { application: same.id, version: '1.0.0', greeting: 'hello' },
    );
    for (const { id } of [kept, made, same]) await reported(id, 'INSTALLED');
    await vi.waitFor(async () => expect(await site.api.deployment(dropped.id)).toBeUndefined(), patience);
  });

  it('run on while the fleet manager is down, and what happened meanwhile is told it afterwards', async () => {
    const { id } = await site.api.deploy('line', good, device);
    await reported(id, 'INSTALLED');
    const { pid } = await only({ application: id });
    await site.wfm.kill();
    await vi.waitFor(
      async () => expect(await site.agent.health()).toMatch(/sync.* degraded: .*ECONNREFUSED/),
      patience,
    );
    // The workload is looked after all the same.
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(workloadsOf(site.agent.data)).not.toContainEqual(expect.objectContaining({ pid })));
    await only({ application: id, version: '1.0.0' });

    await site.wfm.start();
    await site.api.update(id, { packageId: better });
    await only({ application: id, version: '2.0.0' });
    expect((await reported(id, 'INSTALLED')).spec.version).toBe('2.0.0');
    await vi.waitFor(async () => expect(await site.agent.health()).toMatch(/sync .* ok$/m), patience);
  });

  it('run again after a reboot without the fleet manager, from what is on disk', async () => {
    const { id } = await site.api.deploy('line', better, device, { greeting: 'disk' });
    await reported(id, 'INSTALLED');
    await site.wfm.kill();
    await site.agent.kill();
    for (const { pid } of workloadsOf(site.agent.data)) process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(workloadsOf(site.agent.data)).toEqual([]));
    await site.agent.start();
    await only({ application: id, version: '2.0.0', greeting: 'disk' });
    await site.wfm.start();
    await reported(id, 'INSTALLED');
  });

  it('are adopted in versions that never go back', () => {
    const versions = adoptedVersions(site.agent.output());
    expect(versions.length).toBeGreaterThan(5);
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
  });
});
