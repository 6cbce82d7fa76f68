import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { margoYaml, pushComponent, pushPackage, sleeper } from './samples.js';
import { makeSite, type Site } from './site.js';
import { workloadsOf } from './workloads.js';

const patience = { timeout: 20_000, interval: 50 };

describe('a device that polls once an hour', () => {
  let site: Site;
  let device: string;
  let good: string;

  beforeAll(async () => {
    site = await makeSite({ agentEnv: { TUTTI_POLL_SECONDS: '3600' } });
    await site.wfm.start();
    const to = site.registry();
    await pushComponent(to, 'components/sleeper', '1.0.0', 'process', sleeper('1.0.0', 'healthy'));
    const components = { main: 'components/sleeper' };
    const yaml = { id: 'com-acme-sleeper', version: '1.0.0', type: 'custom', components, timeout: '1s' } as const;
    await pushPackage(to, 'packages/sleeper', margoYaml(site.host, yaml));
    good = await site.api.import('sleeper-1.0.0', 'packages/sleeper', '1.0.0');
    await site.agent.start();
    device = await site.api.onlyDevice();
  });
  afterAll(() => site?.close());

  const runs = (count: number): Promise<void> =>
    vi.waitFor(() => expect(workloadsOf(site.agent.data)).toHaveLength(count), patience);

  it('hears of a change at once, and after the fleet manager was killed too', async () => {
    const { id } = await site.api.deploy('line', good, device);
    await runs(1);
    await site.wfm.kill();
    await site.wfm.start();
    await site.api.remove(id);
    await runs(0);
  });
});
