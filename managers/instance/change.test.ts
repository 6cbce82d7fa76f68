import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../core/testing/index.js';
import { MemoryState } from '../../providers/state/memory/index.js';
import {
  addDevice,
  addPackage,
  capabilities,
  description,
  profile,
  startWfm,
  type Wfm,
} from '../../test/managers/wfm.js';
import type { DeviceRecord } from '../device/index.js';
import type { InstanceRecord } from './index.js';

let wfm: Wfm;
let state: MemoryState;
let device: DeviceRecord;
beforeEach(async () => {
  state = new MemoryState();
  wfm = await startWfm({ state, clock: manualClock() });
  device = await addDevice(wfm);
  await addPackage(state, 'p1');
});
afterEach(() => wfm.stop());

const create = (more: object = {}, on = wfm): Promise<InstanceRecord> =>
  on.instances.create({ name: 'pump', packageId: 'p1', device: { id: device.id }, ...more });
const problem = (status: number, text = '') => ({ kind: { status }, message: expect.stringContaining(text) });

describe('a name', () => {
  it('is on a device once in each namespace, and on as many devices as wanted', async () => {
    const other = await addDevice(wfm, 'other');
    const { id } = await create();
    await expect(create()).rejects.toMatchObject({
      ...problem(409, `default/pump already, as deployment ${id}`),
      extensions: { deploymentId: id },
    });
    await create({ namespace: 'plant' });
    await create({ device: { id: other.id } });
    expect((await wfm.instances.list({})).total).toBe(3);
  });

  it('is given once, however many ask at the same time on however many hosts', async () => {
    const second = await startWfm({ state, clock: manualClock() });
    const ends = await Promise.allSettled(
      Array.from({ length: 10 }, (_, at) => create({}, at % 2 === 0 ? wfm : second)),
    );
    await second.stop();
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const end of ends) {
      if (end.status === 'rejected') expect(end.reason).toMatchObject(problem(409, 'already'));
    }
    expect((await wfm.instances.list({})).total).toBe(1);
  });

  it('is free again once nothing is left of the one before, and not before', async () => {
    const { id } = await create();
    await wfm.instances.delete(id, false);
    await expect(create()).rejects.toMatchObject(problem(409, 'which is being removed'));
    await wfm.instances.delete(id, true);
    expect(await create()).toMatchObject({ state: 'PENDING' });
  });

  it('finds what has it, by namespace and device too', async () => {
    const other = await addDevice(wfm, 'other');
    const here = await create();
    const plant = await create({ namespace: 'plant' });
    const there = await create({ device: { id: other.id } });
    await create({ name: 'fan' });
    const found = async (query: object): Promise<string[]> =>
      (await wfm.instances.list(query)).items.map(({ id }) => id).toSorted();
    expect(await found({ name: 'pump' })).toEqual([here.id, plant.id, there.id].toSorted());
    expect(await found({ name: 'pump', namespace: 'default' })).toEqual([here.id, there.id].toSorted());
    expect(await found({ name: 'pump', clientId: device.id })).toEqual([here.id, plant.id].toSorted());
    expect(await found({ name: 'pump', namespace: 'plant', clientId: device.id })).toEqual([plant.id]);
    expect(await found({ name: 'pump', namespace: 'plant', clientId: other.id })).toEqual([]);
    expect((await wfm.instances.list({ name: 'pump', limit: 1 })).total).toBe(3);
  });
});

describe('what never changes', () => {
  it('may be said as it is', async () => {
    await addPackage(state, 'p2', description('2.0.0'));
    const made = await create();
    const same = { name: 'pump', namespace: 'default', device: { id: device.id }, profile: 'compose' };
    expect(await wfm.instances.update(made.id, same)).toEqual(made);
    expect(await wfm.instances.update(made.id, { ...same, packageId: 'p2' })).toMatchObject({ version: '2.0.0' });
  });

  it.each<[object, string]>([
    [{ name: 'fan' }, 'is not called fan'],
    [{ namespace: 'plant' }, 'is in the namespace default, not plant'],
    [{ device: { id: 'elsewhere' } }, 'not on elsewhere'],
    [{ device: { labels: { line: 'never' } } }, 'which does not have these labels'],
    [{ profile: 'second' }, 'not second'],
  ])('is refused in words as %j', async (request, words) => {
    await addPackage(
      state,
      'two',
      description('3.0.0', {
        profiles: [profile('compose', '3.0.0'), { ...profile('compose', '3.0.0'), id: 'second' }],
      }),
    );
    const made = await create({ packageId: 'two' });
    const before = await wfm.instances.get(made.id);
    await expect(wfm.instances.update(made.id, { ...request, values: {} })).rejects.toMatchObject({
      ...problem(409, words),
      errors: [{ field: Object.keys(request)[0] }],
    });
    expect(await wfm.instances.get(made.id)).toEqual(before);
  });

  it('lets the labels that still choose the device pass, after they changed too', async () => {
    await wfm.devices.reportCapabilities(device.id, capabilities('edge', { labels: { line: 1, zone: 'a' } }), 'D2');
    const { deviceId, id } = await create({ device: { labels: { line: 1 } } });
    expect(deviceId).toBe('edge');
    await wfm.instances.update(id, { device: { labels: { zone: 'a' } } });
    await expect(wfm.instances.update(id, { device: { labels: { zone: 'b' } } })).rejects.toMatchObject(problem(409));
    await expect(wfm.instances.update(id, { device: { labels: { zone: ['a'] } } })).rejects.toMatchObject(problem(422));
  });
});

it('works out a change of what is there, with nothing in between', async () => {
  const { id } = await create({ labels: { count: '0' } });
  await Promise.all(
    Array.from({ length: 8 }, () =>
      wfm.instances.update(id, ({ labels }) => ({ labels: { count: String(Number(labels['count']) + 1) } })),
    ),
  );
  expect((await wfm.instances.get(id)).labels).toEqual({ count: '8' });
});
