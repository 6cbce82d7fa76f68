import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Collection,
  type DeploymentState,
  type ListQuery,
  type Page,
  put,
  type StatusReport,
  type Stored,
} from '../../core/ports/index.js';
import { type ManualClock, manualClock } from '../../core/testing/index.js';
import { MemoryState } from '../../providers/state/memory/index.js';
import {
  addDevice,
  addPackage,
  capabilities,
  certificatePem,
  description,
  profile,
  startWfm,
  type Wfm,
} from '../../test/managers/wfm.js';
import { packages } from '../catalog/record.js';
import type { DeviceRecord } from '../device/index.js';
import { manifestBlobs, manifests as manifestRecords } from '../manifest/record.js';
import { readDeployment, readManifest } from '../margo/index.js';
import type { InstanceRecord } from './index.js';
import { instances as records } from './record.js';
import { leaving } from './unheard.js';

let wfm: Wfm;
let clock: ManualClock;
let state: MemoryState;
let device: DeviceRecord;
beforeEach(async () => {
  clock = manualClock();
  state = new MemoryState();
  wfm = await startWfm({ state, clock });
  device = await addDevice(wfm);
  await addPackage(state, 'p1');
});
afterEach(() => wfm.stop());

const create = (more: object = {}, on = wfm) =>
  on.instances.create({ name: 'pump', packageId: 'p1', device: { id: device.id }, ...more });
const report = (deploymentId: string, reported: DeploymentState, more: Partial<StatusReport> = {}): StatusReport => ({
  deploymentId,
  state: reported,
  components: [{ name: 'main', state: reported }],
  ...more,
});
const problem = (status: number, text = '') => ({ kind: { status }, message: expect.stringContaining(text) });
const version = (id = device.id, on = wfm) => on.manifests.current(id)?.version;

/** What the device is told to run, read from the bytes that it gets. */
async function desired(id = device.id, on = wfm) {
  const { manifest } = readManifest(on.manifests.current(id)?.bytes ?? new Uint8Array());
  const listed = manifest?.deployments ?? [];
  return Promise.all(
    listed.map(async ({ deploymentId, digest }) => {
      const bytes = await on.manifests.deployment(id, deploymentId, digest);
      return readDeployment(bytes ?? new Uint8Array()).deployment;
    }),
  );
}

describe('create', () => {
  it('puts the deployment into the manifest of its device', async () => {
    const made = await create({ values: { greeting: 'good morning' }, labels: { line: '1' } });
    expect(made).toMatchObject({
      name: 'pump',
      namespace: 'default',
      applicationId: 'com-acme-pump',
      version: '1.0.0',
      clientId: device.id,
      deviceId: 'press-7',
      profileId: 'compose',
      operation: 'DEPLOY',
      state: 'PENDING',
    });
    expect(made).not.toHaveProperty('deployment');
    expect(version()).toBe(2);
    expect(await desired()).toMatchObject([
      {
        id: made.id,
        deviceId: 'press-7',
        applicationId: 'com-acme-pump',
        labels: { line: '1' },
        parameters: { greeting: { value: 'good morning' }, place: { value: 'here' } },
      },
    ]);
    expect(await wfm.instances.get(made.id)).toMatchObject({ ...made, revision: expect.any(Number) });
  });

  it.each([
    [{ packageId: 'nothing' }, problem(404, 'no package nothing')],
    [{ device: { id: 'nobody' } }, problem(404, 'no device nobody')],
    [{ values: { greeting: '' } }, { ...problem(422, 'greeting'), errors: [{ field: 'greeting' }] }],
    [{ values: { place: 'x'.repeat(21) } }, problem(422, 'place')],
    [{ profile: 'helm' }, problem(422, 'compose (compose)')],
    [{ name: 'Pump 1' }, { ...problem(422), errors: [{ field: 'name' }] }],
    [{ namespace: '-' }, { ...problem(422), errors: [{ field: 'namespace' }] }],
    [{ device: { labels: { line: [1] } } }, problem(422, 'device.labels.line')],
    [{ device: { labels: { line: 9 } } }, problem(409, 'no onboarded device')],
    [{ labels: { note: 'x'.repeat(524_288) } }, problem(422, 'a device reads at most 524288')],
  ])('refuses %j and changes nothing', async (request, expected) => {
    await expect(create(request)).rejects.toMatchObject(expected);
    expect(version()).toBe(1);
    expect(await state.count(records)).toBe(0);
  });

  it('refuses a package that is not onboarded', async () => {
    const stored = await state.get(packages, 'p1');
    if (!stored) throw new Error('there is no package');
    await state.commit([
      { kind: 'put', in: packages, key: 'p1', value: { ...stored.value, state: 'FAILED', failure: 'it is broken' } },
    ]);
    await expect(create()).rejects.toMatchObject(problem(409, 'it is broken'));
  });

  it('refuses a device that is not in, or says nothing of itself', async () => {
    const { id } = await wfm.devices.onboard(await certificatePem(clock, 'mute'));
    await expect(create({ device: { id } })).rejects.toMatchObject(problem(409, 'mute has not reported'));
    await wfm.devices.revoke(device.id);
    await expect(create()).rejects.toMatchObject(problem(409, 'REVOKED'));
  });

  it('says of every candidate why it is none', async () => {
    await addDevice(wfm, 'saw-1', { labels: { line: 1 }, runtimes: [] });
    await addDevice(wfm, 'saw-2', { labels: { line: 1 }, deploymentTypes: ['helm'] });
    await expect(create({ device: { labels: { line: 1 } } })).rejects.toMatchObject({
      ...problem(409, '(and 1 more)'),
      errors: expect.arrayContaining([
        expect.objectContaining({
          message: 'saw-1, profile compose: compose needs the runtime oci; the device has none',
        }),
        expect.objectContaining({ message: 'saw-2, profile compose: the device runs helm, not compose' }),
      ]),
    });
  });

  it('takes the first device that can, children of gateways included', async () => {
    await addDevice(wfm, 'full', { labels: { line: 1 }, runtimes: [] });
    const gateway = await addDevice(wfm, 'gw', { deploymentTypes: [] });
    await wfm.devices.reportCapabilities(gateway.id, capabilities('gw/panel', { labels: { line: 1 } }), 'D2');
    const made = await create({ device: { labels: { line: 1 } } });
    expect(made).toMatchObject({ clientId: gateway.id, deviceId: 'gw/panel' });
    expect(await create({ name: 'fan', device: { id: gateway.id } })).toMatchObject({ deviceId: 'gw/panel' });
  });

  it('loses none of many at once, on two hosts', async () => {
    const other = await startWfm({ state, clock, dataDir: wfm.dataDir });
    await Promise.all(Array.from({ length: 30 }, (_, at) => create({ name: `pump-${at}` }, at % 2 ? wfm : other)));
    await expect.poll(() => version()).toBe(31);
    expect((await desired()).map((one) => one?.name).sort()).toEqual(
      Array.from({ length: 30 }, (_, at) => `pump-${at}`).sort(),
    );
    await other.stop();
  });

  it('reads no more for the hundredth device than for the first', async () => {
    const counting = new CountingState();
    const host = await startWfm({ state: counting, clock });
    await addPackage(counting, 'p1');
    const devices = [];
    for (let at = 0; at < 100; at++) devices.push(await addDevice(host, `d${at}`));
    await host.delivered();
    const costs: string[] = [];
    for (const { id } of devices) {
      counting.reads.length = 0;
      await create({ device: { id } }, host);
      costs.push(counting.reads.join());
    }
    expect(new Set(costs).size).toBe(1);
    await host.stop();
  });
});

/** Remembers what was read. */
class CountingState extends MemoryState {
  readonly reads: string[] = [];
  override get<T>(from: Collection<T>, key: string): Promise<Stored<T> | undefined> {
    this.reads.push(`get ${from.name}`);
    return super.get(from, key);
  }
  override async list<T>(from: Collection<T>, query?: ListQuery): Promise<Page<T>> {
    const page = await super.list(from, query);
    this.reads.push(`list ${from.name}: ${page.items.length}`);
    return page;
  }
}

describe('update', () => {
  let made: InstanceRecord;
  beforeEach(async () => {
    made = await create({ values: { greeting: 'hi', place: 'hall' } });
    await wfm.instances.report(device.id, report(made.id, 'installed'));
    await addPackage(state, 'p2', description('2.0.0'));
  });

  it('brings another version and other values', async () => {
    const next = await wfm.instances.update(made.id, { packageId: 'p2', values: { greeting: 'moin', place: 'hall' } });
    expect(next).toMatchObject({ operation: 'UPDATE', state: 'UPDATING', packageId: 'p2', version: '2.0.0' });
    expect(next).not.toHaveProperty('report');
    expect(await desired()).toMatchObject([
      {
        id: made.id,
        profile: { components: [{ properties: { revision: '2.0.0' } }] },
        parameters: { greeting: { value: 'moin' } },
      },
    ]);
    expect(version()).toBe(3);
    expect([await wfm.instances.countByPackage('p1'), await wfm.instances.countByPackage('p2')]).toEqual([0, 1]);
  });

  it('keeps the values that are not spoken of, and makes nothing of nothing', async () => {
    await wfm.instances.update(made.id, { packageId: 'p2' });
    expect(await desired()).toMatchObject([{ parameters: { greeting: { value: 'hi' } } }]);
    const before = await wfm.instances.get(made.id);
    await wfm.instances.update(made.id, { values: { greeting: 'hi', place: 'hall' } });
    expect(await wfm.instances.get(made.id)).toEqual(before);
    expect(version()).toBe(3);
  });

  it('stays installed when the device sees no difference', async () => {
    await addPackage(state, 'p1b', description('1.0.1', { profiles: [profile('compose', '1.0.0')] }));
    expect(await wfm.instances.update(made.id, { packageId: 'p1b' })).toMatchObject({
      state: 'INSTALLED',
      version: '1.0.1',
    });
    expect(version()).toBe(2);
  });

  it('stays as it was when only what the form of the device leaves out changes', async () => {
    await wfm.devices.setForm(device.id, 'D1');
    await expect.poll(() => version()).toBe(3);
    const next = await wfm.instances.update(made.id, { labels: { line: '7' } });
    expect(next).toMatchObject({ state: 'INSTALLED', operation: 'DEPLOY', labels: { line: '7' } });
    expect(next.report).toBeDefined();
    expect(version()).toBe(3);
    await wfm.devices.setForm(device.id, 'D2');
    await expect.poll(() => version()).toBe(4);
    expect(await desired()).toMatchObject([{ labels: { line: '7' } }]);
  });

  it.each(['installed', 'failed'] as const)('is not ended by %s of what was before', async (reported) => {
    await wfm.instances.update(made.id, { packageId: 'p2' });
    await wfm.instances.report(device.id, report(made.id, reported));
    const updating = await wfm.instances.get(made.id);
    expect(updating).toMatchObject({ state: 'UPDATING' });
    expect(updating).not.toHaveProperty('report');
    await wfm.manifests.noteDelivered(device.id, 2);
    await wfm.instances.report(device.id, report(made.id, reported));
    expect(await wfm.instances.get(made.id)).toEqual(updating);
    await wfm.manifests.noteDelivered(device.id, 3);
    await wfm.instances.report(device.id, report(made.id, reported));
    expect(await wfm.instances.get(made.id)).toMatchObject({ state: reported.toUpperCase() });
  });

  it('is ended by the right report after a restart, and by it alone', async () => {
    await wfm.instances.update(made.id, { packageId: 'p2' });
    const restart = async () => {
      await wfm.stop();
      wfm = await startWfm({ state, clock, dataDir: wfm.dataDir });
      await wfm.instances.report(device.id, report(made.id, 'installed'));
      return (await wfm.instances.get(made.id)).state;
    };
    expect(await restart()).toBe('UPDATING');
    await wfm.manifests.noteDelivered(device.id, 3);
    expect(await restart()).toBe('INSTALLED');
  });

  it('is ended by a report to one host when another has handed the manifest out', async () => {
    const other = await startWfm({ state, clock, dataDir: wfm.dataDir });
    await wfm.instances.update(made.id, { packageId: 'p2' });
    await expect.poll(() => version(device.id, other)).toBe(3);
    await other.manifests.noteDelivered(device.id, 3);
    await wfm.instances.report(device.id, report(made.id, 'installed'));
    expect(await wfm.instances.get(made.id)).toMatchObject({ state: 'INSTALLED' });
    await other.stop();
  });

  it('refuses what cannot be and changes nothing', async () => {
    await addPackage(state, 'other', description('1.0.0', { id: 'com-acme-fan' }));
    await addPackage(state, 'helm', description('3.0.0', { profiles: [{ ...profile('h', '1'), type: 'helm' }] }));
    const before = await wfm.instances.get(made.id);
    const attempt = (request: object, expected?: number) => wfm.instances.update(made.id, request, expected);
    await expect(attempt({ packageId: 'other' })).rejects.toMatchObject(problem(422, 'com-acme-fan'));
    await expect(attempt({ packageId: 'helm' })).rejects.toMatchObject(problem(409, 'no profile of the type compose'));
    await expect(attempt({ values: { greeting: 'hi', place: 'yard' } })).rejects.toMatchObject(problem(422, 'place'));
    await expect(attempt({ packageId: 'p2' }, before.revision - 1)).rejects.toMatchObject(problem(412, 'revision'));
    await expect(wfm.instances.update('nothing', {})).rejects.toMatchObject(problem(404));
    expect(await wfm.instances.get(made.id)).toEqual(before);
    expect(version()).toBe(2);
    expect(await attempt({ packageId: 'p2' }, before.revision)).toMatchObject({ state: 'UPDATING' });
  });
});

describe('delete', () => {
  it('takes it out of the manifest, and forgets it when the device says that it is gone', async () => {
    const made = await create();
    expect(await wfm.instances.delete(made.id, false)).toMatchObject({ operation: 'DELETE', state: 'REMOVING' });
    expect(await desired()).toEqual([]);
    expect(version()).toBe(3);
    await wfm.instances.report(device.id, report(made.id, 'installed'));
    expect(await wfm.instances.get(made.id)).toMatchObject({ state: 'REMOVING' });
    await expect(wfm.instances.update(made.id, {})).rejects.toMatchObject(problem(409, 'being removed'));
    expect(await wfm.instances.delete(made.id, false)).toMatchObject({ state: 'REMOVING' });
    expect(version()).toBe(3);
    await wfm.instances.report(device.id, report(made.id, 'removed'));
    await expect(wfm.instances.get(made.id)).rejects.toMatchObject(problem(404));
    await expect(wfm.instances.report(device.id, report(made.id, 'installed'))).rejects.toMatchObject(problem(404));
  });

  it('forgets what the device never said anything of, once it shows a manifest without it', async () => {
    const made = await create();
    await wfm.instances.adopted(device.id, 2);
    await wfm.instances.delete(made.id, false);
    await wfm.instances.adopted(device.id, 2);
    expect(await wfm.instances.get(made.id)).toMatchObject({ state: 'REMOVING' });
    await wfm.stop();
    wfm = await startWfm({ state, clock, dataDir: wfm.dataDir });
    await wfm.instances.adopted('another', 3);
    expect(await wfm.instances.get(made.id)).toMatchObject({ state: 'REMOVING' });
    await wfm.instances.adopted(device.id, 3);
    await expect(wfm.instances.get(made.id)).rejects.toMatchObject(problem(404));
    expect(await state.count(leaving)).toBe(0);
  });

  it.each([
    ['before', 'installing'],
    ['after', 'removing'],
  ] as const)('waits for the device to be done when it spoke of it %s that', async (when, said) => {
    const made = await create();
    if (when === 'before') await wfm.instances.report(device.id, report(made.id, said));
    await wfm.instances.delete(made.id, false);
    if (when === 'after') await wfm.instances.report(device.id, report(made.id, said));
    await wfm.instances.adopted(device.id, 3);
    expect(await wfm.instances.get(made.id)).toMatchObject({ state: 'REMOVING' });
    await wfm.instances.report(device.id, report(made.id, 'removed'));
    await expect(wfm.instances.get(made.id)).rejects.toMatchObject(problem(404));
    expect(await state.count(leaving)).toBe(0);
  });

  it('forgets at once when it is forced, removal under way or not', async () => {
    const [a, b] = [await create({ name: 'a' }), await create({ name: 'b' })];
    await wfm.instances.delete(b.id, false);
    for (const { id } of [a, b]) {
      expect(await wfm.instances.delete(id, true)).toMatchObject({ state: 'REMOVED' });
      await expect(wfm.instances.get(id)).rejects.toMatchObject(problem(404));
    }
    expect(await desired()).toEqual([]);
    await expect(wfm.instances.delete(a.id, true)).rejects.toMatchObject(problem(404));
  });
});

describe('report', () => {
  it('keeps what the device says, and writes nothing twice', async () => {
    const { id } = await create();
    const failed = report(id, 'failed', { error: { code: '7', source: 'pump', message: 'no space' } });
    await wfm.instances.report(device.id, report(id, 'installing'));
    expect(await wfm.instances.get(id)).toMatchObject({ state: 'INSTALLING' });
    await wfm.instances.report(device.id, failed);
    const kept = await wfm.instances.get(id);
    expect(kept).toMatchObject({ state: 'FAILED', report: failed });
    await wfm.instances.report(device.id, structuredClone(failed));
    expect(await wfm.instances.get(id)).toEqual(kept);
    expect(version()).toBe(2);
  });

  it('of another device is told no differently from one of nothing', async () => {
    const { id } = await create();
    const other = await addDevice(wfm, 'other');
    const refused = wfm.instances.report(other.id, report(id, 'failed'));
    await expect(refused).rejects.toMatchObject(problem(404, `no deployment ${id} on this device`));
    await expect(wfm.instances.report(other.id, report('x', 'failed'))).rejects.toMatchObject(
      problem(404, 'no deployment x on this device'),
    );
    expect(await wfm.instances.get(id)).toMatchObject({ state: 'PENDING' });
  });

  it('loses none when changes come at the same time', async () => {
    const { id } = await create();
    await Promise.all([
      wfm.instances.report(device.id, report(id, 'installing')),
      wfm.instances.update(id, { values: { greeting: 'x' } }),
      wfm.instances.report(device.id, report(id, 'installed')),
      wfm.instances.delete(id, false),
    ]);
    expect(await wfm.instances.get(id)).toMatchObject({ operation: 'DELETE', state: 'REMOVING' });
    expect(await desired()).toEqual([]);
  });
});

describe('what happens in between', () => {
  /** Runs something after a deployment's change was decided on and before it is written. */
  function beforeWriting(work: () => Promise<unknown>): void {
    const { commit } = state;
    state.commit = async (changes) => {
      if (changes.some((change) => change.kind === 'put' && change.in.name === records.name)) {
        state.commit = commit;
        await work();
      }
      return commit.call(state, changes);
    };
  }

  it('is not overwritten by an update that has seen less', async () => {
    const { id } = await create();
    const { revision } = await wfm.instances.get(id);
    beforeWriting(() => wfm.instances.report(device.id, report(id, 'installing')));
    const update = wfm.instances.update(id, { values: { greeting: 'x' } }, revision);
    await expect(update).rejects.toMatchObject(problem(412));
    expect(await wfm.instances.get(id)).toMatchObject({ state: 'INSTALLING' });
    expect(version()).toBe(2);
  });

  it('leaves nothing of a device that goes meanwhile', async () => {
    beforeWriting(async () => {
      await wfm.devices.remove(device.id);
      await wfm.delivered();
      // What follows the device has its turns.
      await clock.advance(0);
    });
    await expect(create()).rejects.toMatchObject(problem(404, 'removed meanwhile'));
    expect([await state.count(records), await state.count(manifestBlobs)]).toEqual([0, 0]);
  });

  it('is retried when the manifest of a removed device changes while it is removed', async () => {
    await create({ name: 'first' });
    beforeWriting(async () => {
      const { commit } = state;
      let conflicts = 2;
      state.commit = async (changes) => {
        const removal = changes.some((change) => change.kind === 'delete' && change.in.name === manifestRecords.name);
        const stored = removal && conflicts > 0 && (await state.get(manifestRecords, device.id));
        if (stored) {
          conflicts--;
          await commit.call(state, [put(manifestRecords, device.id, stored.value)]);
        }
        return commit.call(state, changes);
      };
      // Nobody but the creation itself cleans up.
      await wfm.instances.drain?.(new AbortController().signal);
      await wfm.devices.remove(device.id);
    });
    await expect(create()).rejects.toMatchObject(problem(404, 'removed meanwhile'));
    expect([await state.count(records), await state.count(manifestRecords)]).toEqual([0, 0]);
  });

  it('keeps a device from getting something new that is revoked while others are served', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const before = wfm.manifests.update(device.id, async () => {
      await held;
      return { deployments: [], form: 'D2', alongside: () => [] };
    });
    const attempt = expect(create()).rejects.toMatchObject(problem(409, 'REVOKED'));
    await clock.advance(0);
    await wfm.devices.revoke(device.id);
    release();
    await Promise.all([before, attempt]);
    expect(await state.count(records)).toBe(0);
  });
});

describe('list and watch', () => {
  it('pages by client and package', async () => {
    const other = await addDevice(wfm, 'other');
    for (let at = 0; at < 3; at++) await create({ name: `a${at}` });
    await create({ device: { id: other.id } });
    const first = await wfm.instances.list({ clientId: device.id, limit: 2 });
    expect([first.items.length, first.total]).toEqual([2, 3]);
    const rest = await wfm.instances.list({ clientId: device.id, limit: 2, after: first.next ?? '' });
    expect([rest.items.length, rest.next]).toEqual([1, undefined]);
    expect((await wfm.instances.list({ clientId: other.id, packageId: 'p1' })).total).toBe(1);
    expect((await wfm.instances.list({ clientId: other.id, packageId: 'p2' })).total).toBe(0);
    expect((await wfm.instances.list({})).total).toBe(4);
  });

  it('tells what is there and then every change, once', async () => {
    const { id } = await create({ name: 'early' });
    const over = new AbortController();
    const other = await addDevice(wfm, 'other');
    const changes = wfm.instances.watch({ clientId: device.id }, over.signal);
    // Between the call and the first read: part of what is there, and of the changes as well.
    await wfm.instances.report(device.id, report(id, 'installing'));
    const told: string[] = [];
    const reading = (async () => {
      for await (const one of changes) told.push(`${one.name} ${one.state}`);
    })();
    await expect.poll(() => told).toHaveLength(1);
    await create({ name: 'elsewhere', device: { id: other.id } });
    await wfm.instances.report(device.id, report(id, 'installed'));
    const late = await create({ name: 'late' });
    await wfm.instances.delete(late.id, true);
    await expect.poll(() => told).toHaveLength(4);
    over.abort();
    await reading;
    expect(told).toEqual(['early INSTALLING', 'early INSTALLED', 'late PENDING', 'late REMOVED']);
  });
});

describe('what becomes of a device', () => {
  it('renders its manifest anew when it speaks, or is set to, another form', async () => {
    const { id } = await create();
    const before = wfm.manifests.current(device.id)?.etag;
    await wfm.devices.setForm(device.id, 'D1');
    await expect.poll(() => version()).toBe(3);
    expect(wfm.manifests.current(device.id)?.etag).not.toBe(before);
    expect((await desired())[0]).toMatchObject({ id });
    await wfm.devices.reportCapabilities(device.id, capabilities('press-7', { labels: { line: 4 } }), 'D2');
    await create({ name: 'second' });
    expect(version()).toBe(4);
  });

  it('is followed although that of another one cannot be, and of that one later', async () => {
    const poison = await addDevice(wfm, 'poison');
    await create();
    await create({ device: { id: poison.id } });
    await wfm.delivered();
    let broken = true;
    const { get } = wfm.devices;
    wfm.devices.get = (id) =>
      broken && id === poison.id
        ? Promise.reject(new Error('a page of the store cannot be read'))
        : get.call(wfm.devices, id);
    await wfm.devices.setForm(poison.id, 'D1');
    await wfm.devices.setForm(device.id, 'D1');
    await expect.poll(() => version()).toBe(3);
    await clock.advance(60_000);
    expect(version(poison.id)).toBe(2);
    broken = false;
    await clock.advance(60_000);
    await expect.poll(() => version(poison.id)).toBe(3);
  });

  it('takes its deployments along when it is removed', async () => {
    await create();
    await create({ name: 'second' });
    await wfm.devices.remove(device.id);
    await expect.poll(() => state.count(records)).toBe(0);
    await expect.poll(() => state.count(manifestRecords)).toBe(0);
    expect(await state.count(manifestBlobs)).toBe(0);
    await expect.poll(() => wfm.manifests.current(device.id)).toBeUndefined();
  });

  it('is caught up with at start when nobody was there to follow', async () => {
    const other = await addDevice(wfm, 'other');
    await create();
    await create({ device: { id: other.id } });
    await wfm.stop();
    const { devices } = await startWfmWithoutFollowers();
    await devices.setForm(device.id, 'D1');
    await devices.remove(other.id);
    wfm = await startWfm({ state, clock, dataDir: wfm.dataDir });
    await expect.poll(() => [...wfm.manifests.clients()]).toEqual([{ clientId: device.id, form: 'D1' }]);
    expect(await state.count(records)).toBe(1);
  });

  it('is followed by every host on the store, also when the one that changed it dies before it does', async () => {
    const other = await addDevice(wfm, 'other');
    await create();
    await create({ device: { id: other.id } });
    const { devices } = await startWfmWithoutFollowers();
    await devices.setForm(device.id, 'D1');
    await devices.remove(other.id);
    await expect.poll(() => [...wfm.manifests.clients()]).toEqual([{ clientId: device.id, form: 'D1' }]);
    expect(await state.count(records)).toBe(1);
  });

  it('leaves nothing behind that a host made of it while it was removed, and died before it looked again', async () => {
    const { deployment, ...rest } = (await state.get(records, (await create()).id))?.value ?? never();
    const dying = await startWfmWithoutFollowers();
    await wfm.devices.remove(device.id);
    await expect.poll(() => state.count(records)).toBe(0);
    const late = { ...rest, id: 'late', deployment: { ...deployment, id: 'late' } };
    await dying.manifests.update(device.id, async () => ({
      deployments: [late.deployment],
      form: 'D2',
      alongside: () => [put(records, late.id, late)],
    }));
    await expect.poll(() => state.count(records)).toBe(0);
    await expect.poll(() => state.count(manifestRecords)).toBe(0);
  });

  it('leaves nothing behind when it is removed while a deployment is created', async () => {
    const ends = await Promise.allSettled([create(), wfm.devices.remove(device.id), create({ name: 'b' })]);
    expect(ends[1]?.status).toBe('fulfilled');
    await expect.poll(() => state.count(records)).toBe(0);
    await expect.poll(() => state.count(manifestBlobs)).toBe(0);
  });
});

/** A host that dies before its events are delivered. */
async function startWfmWithoutFollowers(): Promise<Wfm> {
  const dying = await startWfm({ state, clock, dataDir: wfm.dataDir });
  await dying.instances.drain?.(new AbortController().signal);
  return dying;
}

describe('a package in use', () => {
  it('is no longer guarded by a manager that has stopped', async () => {
    await create();
    await wfm.instances.drain?.(new AbortController().signal);
    await expect(wfm.catalog.delete('p1')).rejects.toMatchObject(problem(409, 'used by 1 deployment'));
    await wfm.instances.stop?.(new AbortController().signal);
    await wfm.catalog.delete('p1');
    await expect(wfm.catalog.get('p1')).rejects.toMatchObject(problem(404));
  });

  it('cannot be deleted before its last deployment is gone, unless forced', async () => {
    const { id } = await create();
    await expect(wfm.catalog.delete('p1')).rejects.toMatchObject(problem(409, 'used by 1 deployment'));
    expect(await create({ name: 'again' })).toMatchObject({ state: 'PENDING' });
    await wfm.catalog.delete('p1', true);
    await expect(create({ name: 'third' })).rejects.toMatchObject(problem(404));
    // What runs goes on running, and can be removed.
    expect(await desired()).toHaveLength(2);
    await wfm.instances.delete(id, true);
    expect(await desired()).toHaveLength(1);
  });

  it('is either kept or not used, whoever is faster', async () => {
    for (let round = 0; round < 20; round++) {
      const packageId = await addPackage(state, `p-${round}`);
      const create1 = create({ packageId, name: `n${round}` });
      for (let turn = 0; turn < round; turn++) await Promise.resolve();
      await Promise.allSettled([create1, wfm.catalog.delete(packageId)]);
      const there = (await state.get(packages, packageId)) !== undefined;
      const uses = await wfm.instances.countByPackage(packageId);
      expect(there || uses === 0, `round ${round}: ${uses} uses of a deleted package`).toBe(true);
    }
  });
});

function never(): never {
  throw new Error('there is nothing');
}
