import { setMaxListeners } from 'node:events';
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { describeWith } from '../parts/index.js';
import { Fleet } from './agents.js';
import { type Northbound, northbound, Persistence } from './northbound.js';
import { type Desired, Operator } from './operators.js';
import { RedisPair } from './redis-pair.js';
import { Site } from './site.js';

/** Milliseconds. A busy machine is slow, not wrong: this only ends what hangs. */
const limit = 900_000;
/** Milliseconds to become so once nothing changes any more: below the limit, so that a failure says what is missing. */
const convergence = 180_000;
/** A plant. Fewer find faults of the test itself sooner. */
const count = Number(process.env['TUTTI_AGENTS'] ?? 200);
const operatorCount = 8;
/** Versions from here on are beyond those that the lost part of a store can have given out. */
const nextEpoch = 2 ** 20;

describeWith(['redis'], `three replicas of a fleet manager, ${count} agents and one Redis`, (start) => {
  const over = new AbortController();
  let redis: RedisPair;
  let site: Site;
  let fleet: Fleet;
  const begun = performance.now();
  const phase = (what: string): void =>
    console.log(`replicas: ${((performance.now() - begun) / 1000).toFixed(1)} s: ${what}`);

  beforeAll(async () => {
    redis = await RedisPair.make(start.redis);
    // Acknowledged is what a second machine has, unless the test says otherwise.
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the profile's substitution
    const more = ['replicas: ${env:TUTTI_CONFIRMED:-1}', 'passwordFile:'];
    const adapt = (profile: string): string => profile.replaceAll('passwordFile:', more.join('\n      '));
    site = await Site.make({ replicas: 3, redis, adapt });
    for (const replica of site.replicas) await replica.start({}, limit);
    phase('all replicas are ready');
  }, limit);
  afterAll(async () => {
    over.abort();
    await fleet?.stop();
    await site?.stop();
    await redis?.stop();
  }, 60_000);

  it('know what was allowed and revoked at another one from its answer on', async () => {
    const [one, two, three] = site.replicas.map(({ url }) => url);
    const refused = { kind: { status: 401 } };
    for (const [made, asked, revoked] of [
      [one, two, three],
      [two, three, one],
      [three, one, two],
    ]) {
      const { id, token } = await site.operator(made).createToken({ name: 'visitor', role: 'viewer' });
      const visitor = northbound(asked ?? '', site.ca, token);
      expect((await visitor.listDevices({})).items).toEqual([]);
      await site.operator(revoked).revokeToken({ id });
      await expect(visitor.listDevices({})).rejects.toMatchObject(refused);
    }
  });

  it(
    'lose nothing that was acknowledged, and every device converges',
    async () => {
      onTestFailed(() => console.log(site.log(), fleet?.log()));
      const signal = AbortSignal.any([over.signal, AbortSignal.timeout(limit)]);
      // All operators wait on it.
      setMaxListeners(0, signal);
      const persistence = new Persistence(signal);
      const api = site.operator();
      const packageId = await site.import('1.0.0', signal);
      fleet = new Fleet({ count, url: site.url, ca: site.ca, directory: site.directory });
      await fleet.start();
      phase(
        `${count} agents are started, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB with all that is here`,
      );
      const ids = await onboarded(api, signal);
      const operators = Array.from({ length: operatorCount }, (_, n) => {
        const devices = fleet.names.filter((_, at) => at % operatorCount === n).map((name) => ids.get(name) ?? '');
        return new Operator(api, persistence, `operator-${n}`, packageId, devices);
      });
      await Promise.all(operators.map((operator) => operator.deployToAll()));
      phase('every device has a deployment');

      const enough = new AbortController();
      const working = Promise.all(operators.map((operator) => operator.work(enough.signal)));
      /** Every operator gets some changes acknowledged. */
      const goOn = (): Promise<unknown> =>
        Promise.race([working, Promise.all(operators.map((operator) => operator.progress(3)))]);
      const stuck = (): Promise<unknown> => Promise.race([working, persistence.unanswered(operatorCount)]);
      await goOn();

      for (const [n, replica] of site.replicas.entries()) {
        await replica.kill();
        await goOn();
        await replica.start({}, limit);
        await goOn();
        phase(`replica ${n + 1} was killed and came back`);
      }

      await redis.restart();
      await goOn();
      phase('Redis was killed and came back with its file');

      for (const [what, cable] of [
        ['the fleet manager', site.balancer],
        ['Redis', redis.front],
      ] as const) {
        cable.cut();
        await stuck();
        cable.mend();
        await goOn();
        phase(`the way to ${what} was cut`);
        cable.hang();
        await stuck();
        cable.mend();
        await goOn();
        phase(`the way to ${what} was silent`);
      }

      await redis.failOver();
      await goOn();
      phase('Redis is gone with its machine, and the one that followed it has taken over');

      enough.abort();
      await working;
      const desired = operators.flatMap((operator) => [...operator.desired.values()]);
      const converged = async (): Promise<void> => {
        const wanted = (name: string) => wantedOf(desired, ids.get(name));
        const same = (name: string): boolean => JSON.stringify(fleet.runs(name)) === JSON.stringify(wanted(name));
        const patience = AbortSignal.any([signal, AbortSignal.timeout(convergence)]);
        await fleet.until(() => fleet.names.every(same), patience).catch(() => undefined);
        for (const name of fleet.names) expect([name, fleet.runs(name)]).toEqual([name, wanted(name)]);
        const all = desired.map(({ id, value }) => `${id} ${value} INSTALLED`).sort();
        for (const replica of site.replicas) {
          const asked = site.operator(replica.url);
          await expect.poll(() => statuses(asked), { timeout: convergence, interval: 250 }).toEqual(all);
          await expect.poll(() => connected(asked), { timeout: convergence, interval: 250 }).toBe(count);
        }
        expect(fleet.names.flatMap((name) => fleet.repeated(name))).toEqual([]);
      };
      await converged();
      phase(`every device runs exactly what it shall, and every replica says so: ${desired.length} deployments`);

      const ahead = fleet.names[0] ?? '';
      await tellAndLose(api, ahead, ids.get(ahead) ?? '', packageId, signal);
      phase('a device was told of a change that is lost since');
      await converged();
      expect(fleet.version(ahead)).toBeGreaterThan(nextEpoch);
      phase('it has gone back to what there is now, under a higher version');
    },
    limit + 10_000,
  );

  /** Without replicas that confirm, a failover loses what a device was told: it has a newer manifest than there is. */
  async function tellAndLose(api: Northbound, name: string, id: string, packageId: string, signal: AbortSignal) {
    for (const replica of site.replicas) {
      await replica.stop();
      await replica.start({ TUTTI_CONFIRMED: '0' }, limit);
    }
    redis.between.cut();
    const spec = { appPackageRef: { id: packageId }, deviceRef: { id }, parameters: { pollSeconds: 3600 } };
    const document = { metadata: { name: 'lost' }, spec };
    await new Persistence(signal).until(() => api.createDeployment({ document }, { timeout: 20_000 }));
    await fleet.until(() => fleet.runs(name).some(({ value }) => value === 3600), signal);
    await redis.failOver();
  }

  /** Client ids by name, once every device has said what it can do. */
  async function onboarded(api: Northbound, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const ready = async () => {
      signal.throwIfAborted();
      const { items } = await api.listDevices({ limit: 1000 });
      return items.filter(({ spec }) => spec.capabilities.length > 0);
    };
    await expect.poll(ready, { timeout: limit, interval: 250 }).toHaveLength(count);
    return new Map((await ready()).map(({ id, metadata }) => [metadata.name, id]));
  }
});

function wantedOf(desired: readonly Desired[], clientId: string | undefined) {
  return desired
    .filter(({ device }) => device === clientId)
    .map(({ id, value }) => ({ id, value }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function statuses(api: Northbound): Promise<string[]> {
  const { items } = await api.listDeployments({ limit: 1000 });
  return items.map(({ id, spec, status }) => `${id} ${spec.parameters['pollSeconds']} ${status.state}`).sort();
}

async function connected(api: Northbound): Promise<number> {
  const { items } = await api.listDevices({ limit: 1000 });
  return items.filter(({ state }) => state.connected).length;
}
