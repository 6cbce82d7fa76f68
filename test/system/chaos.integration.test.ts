import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { HostProcess } from './host.js';
import { Refused } from './northbound.js';
import { type Chance, chance } from './random.js';
import { margoYaml, pushComponent, pushPackage, sleeper } from './samples.js';
import { makeSite, type Site } from './site.js';
import { adoptedVersions, leftovers } from './traces.js';
import { workloadsOf } from './workloads.js';

const rounds = 12;
const seed = Number(process.env['TUTTI_SEED'] ?? Date.now() % 1_000_000);
const patience = { timeout: 30_000, interval: 100 };

/** What an operator wants of one deployment. */
interface Wish {
  readonly version: string;
  readonly greeting: string;
}

describe(`kill -9 of both hosts at random moments (TUTTI_SEED=${seed})`, () => {
  const packages = new Map<string, string>();
  /** By name of the deployment. */
  const wishes = new Map<string, Wish>();
  let site: Site;
  let device: string;
  let random: Chance;

  beforeAll(async () => {
    random = chance(seed);
    site = await makeSite();
    await site.wfm.start();
    const to = site.registry();
    for (const version of ['1.0.0', '2.0.0']) {
      await pushComponent(to, 'components/sleeper', version, 'process', sleeper(version));
      const components = { main: 'components/sleeper', side: 'components/sleeper' };
      const yaml = { id: 'com-acme-pair', version, type: 'custom', components } as const;
      await pushPackage(to, 'packages/pair', margoYaml(site.host, yaml));
      packages.set(version, await site.api.import(`pair-${version}`, 'packages/pair', version));
    }
    await site.agent.start();
    device = await site.api.onlyDevice();
  });
  afterAll(() => site?.close());

  const packageOf = (version: string): string => {
    const id = packages.get(version);
    if (id === undefined) throw new Error(`there is no package ${version}`);
    return id;
  };
  const idOf = async (name: string): Promise<string | undefined> =>
    (await site.api.deployments()).find(({ metadata }) => metadata.name === name)?.id;

  /** Makes one wish come true at the fleet manager. Sent again after a crash, so it looks first how far it got. */
  const ask = async (name: string, wish: Wish | undefined): Promise<void> => {
    const id = await idOf(name);
    if (!wish) {
      if (id !== undefined) await site.api.remove(id);
    } else if (id === undefined) {
      await site.api.deploy(name, packageOf(wish.version), device, { greeting: wish.greeting });
    } else {
      await site.api.update(id, { packageId: packageOf(wish.version), parameters: { greeting: wish.greeting } });
    }
  };

  const nextWish = (name: string): Wish | undefined => {
    if (wishes.has(name) && random.below(3) === 0) return undefined;
    return { version: random.one(['1.0.0', '2.0.0']), greeting: `number ${random.below(1_000_000)}` };
  };

  /** The moment is the point of the test: nothing that could be waited for marks it. */
  const killedAt = async (host: HostProcess, moment: number, early: readonly number[]): Promise<void> => {
    await pause(moment);
    await host.kill();
    for (const each of early) await host.startAndKill(each);
    await host.start();
  };
  /** Moments of kills within the starts that follow a kill: none, or one. */
  const early = (): number[] => (random.below(3) === 0 ? [100 + random.below(700)] : []);

  const expectConverged = async (): Promise<void> => {
    const deployments = await site.api.deployments();
    const told = deployments.map(({ metadata, spec, status }) => [
      metadata.name,
      spec.version,
      spec.parameters['greeting'],
      status.state,
      ...(status.components ?? []).map(({ name, state }) => `${name} ${state}`).sort(),
    ]);
    const wished = [...wishes].map(([name, { version, greeting }]) => [name, version, greeting]);
    const all = ['INSTALLED', 'main installed', 'side installed'];
    expect(told.sort()).toEqual(wished.map((wish) => [...wish, ...all]).sort());

    const name = new Map(deployments.map(({ id, metadata }) => [id, metadata.name]));
    const runs = workloadsOf(site.agent.data).map(({ application, component, version, greeting }) =>
      [name.get(application) ?? `unknown ${application}`, version, greeting, component].join(', '),
    );
    const shall = wished.flatMap((wish) => ['main', 'side'].map((component) => [...wish, component].join(', ')));
    expect(runs.sort()).toEqual(shall.sort());
  };

  it.each(Array.from({ length: rounds }, (_, round) => round + 1))('round %d ends as wished', async () => {
    const name = random.one(['red', 'green', 'blue']);
    const wish = nextWish(name);
    const moments = [random.below(400), random.below(1_000)] as const;
    const [asked, ...restarts] = await Promise.allSettled([
      ask(name, wish),
      killedAt(site.wfm, moments[0], early()),
      killedAt(site.agent, moments[1], early()),
    ]);
    // Refused for a reason it must not be: the operator did nothing wrong.
    if (asked.status === 'rejected' && asked.reason instanceof Refused) throw asked.reason;
    for (const restart of restarts) if (restart.status === 'rejected') throw restart.reason;
    // A removal under way must end before the name is free again, and a killed call is sent again.
    await vi.waitFor(() => ask(name, wish), patience);
    if (wish) wishes.set(name, wish);
    else wishes.delete(name);
    await vi.waitFor(expectConverged, patience);
  });

  it('adopted manifests in versions that never went back', () => {
    const versions = adoptedVersions(site.agent.output());
    expect(versions.length).toBeGreaterThanOrEqual(rounds / 2);
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
    expect(site.agent.output()).not.toContain('refused as a rollback');
  });

  it('leaves nothing once everything is removed', async () => {
    for (const name of [...wishes.keys()]) await ask(name, undefined);
    wishes.clear();
    await vi.waitFor(expectConverged, patience);
    await vi.waitFor(() => expect(leftovers(site.agent.data)).toEqual([]), patience);
  });
});
