import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith, type RedisPart } from '../parts/index.js';
import { Fleet } from './agents.js';
import type { Northbound } from './northbound.js';
import { Operator } from './operators.js';
import { Site } from './site.js';

const count = 10;

describeWith(['redis'], 'replicas of a fleet manager on one Redis', (start) => {
  let redis: RedisPart;
  let site: Site;
  let fleet: Fleet;
  let api: Northbound;
  let packageId: string;
  const begun = performance.now();
  const phase = (what: string): void =>
    console.log(`replicas: ${((performance.now() - begun) / 1000).toFixed(1)} s: ${what}`);

  beforeAll(async () => {
    redis = await start.redis();
    site = await Site.make({ replicas: 2, redis });
    for (const replica of site.replicas) await replica.start();
    phase(`${site.replicas.length} replicas are ready`);
    packageId = await site.import('1.0.0', AbortSignal.timeout(20_000));
    fleet = new Fleet({ count, url: site.url, ca: site.ca, directory: site.directory });
    await fleet.start();
    api = site.operator();
    phase(`${count} agents are started`);
  }, 120_000);
  afterAll(async () => {
    await fleet?.stop();
    await site?.stop();
    await redis?.stop();
  }, 60_000);

  it('lose nothing that was acknowledged, and converge', async ({ signal }) => {
    const onboarded = async () => {
      const { items } = await api.listDevices({ limit: 1000 });
      return items.filter(({ spec }) => spec.capabilities.length > 0);
    };
    const devices = await expect
      .poll(onboarded, { timeout: 60_000, interval: 200 })
      .toHaveLength(count)
      .then(onboarded);
    const names = new Map(devices.map(({ id, metadata }) => [metadata.name, id]));
    const ids = fleet.names.map((name) => names.get(name) ?? '');
    const operators = Array.from(
      { length: 4 },
      (_, n) =>
        new Operator(
          api,
          `operator-${n}`,
          packageId,
          ids.filter((_, index) => index % 4 === n),
        ),
    );
    await Promise.all(operators.map((operator) => operator.deployToAll(signal)));
    phase('every device has a deployment');

    const enough = new AbortController();
    const working = Promise.all(operators.map((operator) => operator.work(enough.signal, signal)));
    const progress = () =>
      Promise.race([working, Promise.all(operators.map((operator) => operator.progress(10, signal)))]);
    await progress();
    for (const [n, replica] of site.replicas.entries()) {
      await replica.kill();
      await progress();
      phase(`replica ${n + 1} is killed, and changes go on`);
      await replica.start();
      await progress();
      phase(`replica ${n + 1} is back`);
    }
    enough.abort();
    await working;

    const desired = operators.flatMap((operator) => [...operator.desired.values()]);
    const wanted = (name: string) =>
      desired
        .filter(({ device }) => device === names.get(name))
        .map(({ id, value }) => ({ id, value }))
        .sort((a, b) => (a.id < b.id ? -1 : 1));
    const converged = () =>
      fleet.names.every((name) => JSON.stringify(fleet.runs(name)) === JSON.stringify(wanted(name)));
    await fleet.until(converged, AbortSignal.any([signal, AbortSignal.timeout(60_000)])).catch(() => undefined);
    for (const name of fleet.names) expect([name, fleet.runs(name)]).toEqual([name, wanted(name)]);
    phase(`every device runs exactly what it shall: ${desired.length} deployments`);

    const told = async () => {
      const { items } = await api.listDeployments({ limit: 1000 });
      return items.map(({ id, spec, status }) => [id, spec.parameters['pollSeconds'], status.state]).sort();
    };
    await expect
      .poll(told, { timeout: 60_000, interval: 200 })
      .toEqual(desired.map(({ id, value }) => [id, value, 'INSTALLED']).sort());
    expect(fleet.names.flatMap((name) => fleet.repeated(name))).toEqual([]);
    phase('every status is told');
  }, 180_000);
});
