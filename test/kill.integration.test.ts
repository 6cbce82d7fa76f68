import { EventEmitter, once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Device, secondForm } from './device-api/device.js';
import type { Sent } from './device-api/http.js';
import { Operator } from './kill/load.js';
import { pollWhole, type Told } from './kill/manifest.js';
import { seeded } from './kill/random.js';
import { WfmProcess } from './kill/wfm-process.js';

const seed = Number(process.env['TUTTI_SEED'] ?? 20_261_123);
const rounds = 12;

describe('a fleet manager', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tutti-kill-'));
  let wfm: WfmProcess;
  let packageId: string;
  beforeAll(async () => {
    wfm = await WfmProcess.in(directory);
    await wfm.start();
    packageId = await wfm.importPackage('1.0.0');
  });
  afterAll(async () => {
    await wfm?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it(`that is killed again and again loses nothing that it acknowledged (TUTTI_SEED=${seed})`, async () => {
    const random = seeded(seed);
    const devices = await Promise.all(['one', 'two', 'three'].map((name) => wfm.device(name)));
    const enough = new EventEmitter();
    const acknowledged = (): void => void enough.emit('one');
    const operators = ['a', 'b', 'c', 'd'].map(
      (name) => new Operator(name, wfm, packageId, devices, random, acknowledged),
    );
    const last = new Map<Device, Told>();
    for (const device of devices) last.set(device, await pollWhole(device));

    for (let round = 0; round < rounds; round++) {
      const changes: Sent[] = [];
      const watched = devices.map((device) => watch(device, last));
      const reporting = report(devices[round % devices.length], changes);
      const working = operators.map((operator) => operator.work());
      const under = Promise.all([...working, ...watched, reporting]);
      for (let left = 1 + random.below(20); left > 0; left--) await Promise.race([once(enough, 'one'), under]);
      // The moment is what the test is about: nothing tells when a power failure comes.
      await pause(random.below(20));
      await wfm.kill();
      await under;
      await wfm.start();

      for (const device of devices) {
        const before = last.get(device);
        const told = await pollWhole(device);
        expect(told.version).toBeGreaterThanOrEqual(before?.version ?? 1);
        // A version means one content, in whatever order things went.
        if (told.version === before?.version) expect(told.etag).toBe(before.etag);
        last.set(device, told);
        settle(device, told, operators);
      }
      await agreesWithOperators(wfm, operators);
      for (const sent of changes) {
        const again = await devices[round % devices.length]?.send(sent);
        expect([again?.status, again?.text]).toEqual([401, expect.stringContaining('taken already')]);
      }
    }
  }, 300_000);

  it('that was restored from a backup is believed again by a device that knows better', async () => {
    const device = await wfm.device('restored');
    const deploy = async (name: string): Promise<void> => {
      const spec = { appPackageRef: { id: packageId }, deviceRef: { id: device.clientId } };
      expect((await wfm.operate('POST', '/deployments', { metadata: { name }, spec })).status).toBe(202);
    };
    await deploy('kept');
    const backedUp = await pollWhole(device);
    await wfm.stop();
    const backup = join(directory, 'backup');
    cpSync(wfm.data, backup, { recursive: true });
    await wfm.start();
    let newest = backedUp;
    for (const name of ['lost-1', 'lost-2', 'lost-3']) {
      await deploy(name);
      newest = await pollWhole(device, newest.etag);
    }
    expect(newest.version).toBe(backedUp.version + 3);
    await wfm.stop();
    rmSync(wfm.data, { recursive: true });
    cpSync(backup, wfm.data, { recursive: true });
    await wfm.start();

    const restored = await pollWhole(device, newest.etag);
    expect(restored.version).toBeGreaterThan(newest.version);
    expect([...restored.deployments.values()].map(({ name }) => name)).toEqual(['kept']);
    expect((await device.poll({ 'If-None-Match': restored.etag })).status).toBe(304);
    await deploy('new');
    const next = await pollWhole(device, restored.etag);
    expect(next.version).toBe(restored.version + 1);
    await wfm.kill();
    await wfm.start();
    expect(await pollWhole(device)).toEqual(next);
  }, 120_000);
});

/** Polls until the fleet manager goes away, and notes the newest that the device was ever told. */
async function watch(device: Device, last: Map<Device, Told>): Promise<void> {
  for (;;) {
    const answer = await device.poll().catch(() => undefined);
    if (answer?.status !== 200) return;
    const version = Number(answer.json['manifestVersion']);
    const before = last.get(device);
    expect(version).toBeGreaterThanOrEqual(before?.version ?? 1);
    last.set(device, { version, etag: String(answer.headers.etag), deployments: new Map() });
  }
}

/** Reports capabilities until the fleet manager goes away, and keeps the requests that it took. */
async function report(device: Device | undefined, taken: Sent[]): Promise<void> {
  for (let count = 0; device; count++) {
    const body = secondForm('edge-1', { serialNumber: `S-${count}` });
    const sent = device.prepare({ method: 'PUT', path: device.own('/capabilities'), body });
    const answer = await device.send(sent).catch(() => undefined);
    if (answer?.status !== 201) return;
    taken.push(sent);
  }
}

/** Compares what a device is told with what was acknowledged; what was in doubt is certain from now on. */
function settle(device: Device, told: Told, operators: readonly Operator[]): void {
  const expected = operators.flatMap((operator) => operator.expected).filter((one) => one.device === device);
  const byName = new Map([...told.deployments].map(([id, one]) => [one.name, { id, ...one }]));
  for (const one of expected) {
    const found = byName.get(one.name);
    if (one.there !== 'in doubt') expect([one.name, found ? 'yes' : 'no']).toEqual([one.name, one.there]);
    one.there = found ? 'yes' : 'no';
    if (!found) continue;
    if (one.id !== undefined) expect(found.id).toBe(one.id);
    one.id = found.id;
    expect(one.values).toContain(found.value);
    one.values = [found.value];
  }
  const known = new Set(expected.map(({ name }) => name));
  expect([...byName.keys()].filter((name) => !known.has(name))).toEqual([]);
}

/** What operators are shown is what devices are told. */
async function agreesWithOperators(wfm: WfmProcess, operators: readonly Operator[]): Promise<void> {
  const shown = new Map<string, number>();
  for (let after = ''; ; ) {
    const { json } = await wfm.operate('GET', `/deployments?limit=1000${after}`);
    const { items, metadata } = json as {
      items: {
        metadata: { name: string };
        spec: { parameters: { pollSeconds: number } };
        recentOperation: { op: string };
      }[];
      metadata: { continue?: string };
    };
    for (const item of items) {
      if (item.recentOperation.op !== 'DELETE') shown.set(item.metadata.name, item.spec.parameters.pollSeconds);
    }
    if (metadata.continue === undefined) break;
    after = `&continue=${encodeURIComponent(metadata.continue)}`;
  }
  const expected = operators
    .flatMap((operator) => operator.expected)
    .filter(({ there }) => there === 'yes')
    .map(({ name, values }) => [name, values[0]]);
  expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(expected));
}
