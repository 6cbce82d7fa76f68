import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseCertificate } from '../../core/identity/index.js';
import { put, remove, StateFault } from '../../core/ports/index.js';
import { type ManualClock, manualClock, recordingLogger } from '../../core/testing/index.js';
import { MemoryState } from '../../providers/state/memory/index.js';
import { certificatePem, startWfm, type Wfm } from '../../test/managers/wfm.js';
import { deviceHosts, deviceLines } from './shared-presence.js';

let clock: ManualClock;
let log = recordingLogger();
let wfm: Wfm;
let other: Wfm;
beforeEach(async () => {
  clock = manualClock();
  log = recordingLogger();
  const shared = { state: new MemoryState(), clock };
  wfm = await startWfm({ ...shared, log });
  other = await startWfm({ ...shared, dataDir: wfm.dataDir });
});
afterEach(async () => {
  await other.stop();
  await wfm.stop();
});
/** A store that other hosts can change as well. */
const sharedState = () => Object.assign(new MemoryState(), { caughtUp: () => Promise.resolve() });
const onboarded = async (name?: string) => wfm.devices.onboard(await certificatePem(clock, name));

describe('a device', () => {
  it('is connected while any of its lines is open, and was last seen when the last one ended', async () => {
    const { id } = await onboarded();
    expect(wfm.devices.connected(id)).toBe(false);
    const [first, second] = [wfm.devices.connect(id), wfm.devices.connect(id)];
    await clock.advance(1000);
    first.close();
    first.close();
    expect(wfm.devices.connected(id)).toBe(true);
    second.close();
    expect(wfm.devices.connected(id)).toBe(false);
    expect(wfm.devices.lastSeen(id)).toBe(clock.now());
    const lines = log.lines.filter(({ message }) => /connected$/.test(message)).map(({ message }) => message);
    expect(lines).toEqual(['a device is connected', 'a device is no longer connected']);
  });

  it('is connected for every host on a shared store, until its line or its host is gone', async () => {
    const hosts = { state: sharedState(), clock };
    const [one, two] = [await startWfm(hosts), await startWfm(hosts)];
    const { id } = await one.devices.onboard(await certificatePem(clock, 'lathe'));
    await expect.poll(() => two.devices.keyOf(id)).toBeDefined();
    const line = one.devices.connect(id);
    await expect.poll(() => two.devices.connected(id)).toBe(true);
    line.close();
    await expect.poll(() => two.devices.connected(id)).toBe(false);
    expect(two.devices.lastSeen(id)).toBeUndefined();
    await clock.advance(60_000);
    await expect.poll(() => two.devices.lastSeen(id)).toBeDefined();

    one.devices.connect(id);
    await expect.poll(() => two.devices.connected(id)).toBe(true);
    // As a failover of the store may do that has lost it.
    await hosts.state.commit([remove(deviceLines, id)]);
    await expect.poll(() => two.devices.connected(id)).toBe(false);
    await clock.advance(10_000);
    await expect.poll(() => two.devices.connected(id)).toBe(true);
    await one.stop();
    await expect.poll(() => two.devices.connected(id)).toBe(false);
    await two.stop();
  });

  it('is connected no more when its line ended while the store was away, once that is back', async () => {
    const state = sharedState();
    const [one, two] = [await startWfm({ state, clock }), await startWfm({ state, clock })];
    const { id } = await one.devices.onboard(await certificatePem(clock, 'lathe'));
    const line = one.devices.connect(id);
    await expect.poll(() => two.devices.connected(id)).toBe(true);
    const { get } = state;
    const asked = new Promise<void>((resolve) => {
      state.get = () => {
        resolve();
        return Promise.reject(new StateFault('storage', 'away'));
      };
    });
    line.close();
    await asked;
    state.get = get;
    await expect
      .poll(async () => {
        await clock.advance(10_000);
        return state.get(deviceLines, id);
      })
      .toBeUndefined();
    await expect.poll(() => two.devices.connected(id)).toBe(false);
    await one.stop();
    await two.stop();
  });

  it('is connected no more when its host gives no sign of life, nor for who comes later', async () => {
    const state = sharedState();
    const two = await startWfm({ state, clock });
    const { id } = await two.devices.onboard(await certificatePem(clock, 'lathe'));
    // What a host that was killed has left.
    await state.commit([put(deviceHosts, 'dead', { at: clock.now() }), put(deviceLines, id, { host: 'dead' })]);
    await expect.poll(() => two.devices.connected(id)).toBe(true);
    await clock.advance(30_000);
    expect(two.devices.connected(id)).toBe(true);
    await clock.advance(10_000);
    expect(two.devices.connected(id)).toBe(false);
    await expect.poll(() => state.get(deviceHosts, 'dead')).toBeUndefined();
    const later = await startWfm({ state, clock });
    expect(later.devices.connected(id)).toBe(false);
    await later.stop();
    await two.stop();
  });

  it('loses its lines with its credentials, on every host', async () => {
    const { id } = await onboarded();
    await expect.poll(() => other.devices.keyOf(id)).toBeDefined();
    const lines = [wfm.devices.connect(id), other.devices.connect(id)];
    expect(lines.map(({ signal }) => signal.aborted)).toEqual([false, false]);
    await wfm.devices.revoke(id);
    await expect.poll(() => lines.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    expect(wfm.devices.connect(id).signal.aborted).toBe(true);
    expect(wfm.devices.connect('nobody').signal.aborted).toBe(true);
  });

  it('is found by its certificate, and by its name as long as it may use it', async () => {
    const pem = await certificatePem(clock, 'saw');
    const { id } = await wfm.devices.onboard(pem);
    const { der } = parseCertificate(pem);
    expect([wfm.devices.byCertificate(der), wfm.devices.byName('saw')]).toEqual([id, [id]]);
    await expect.poll(() => [other.devices.byCertificate(der), other.devices.byName('saw')]).toEqual([id, [id]]);
    const twin = await onboarded('saw');
    expect([...wfm.devices.byName('saw')].sort()).toEqual([id, twin.id].sort());
    await wfm.devices.revoke(twin.id);
    expect(wfm.devices.byName('saw')).toEqual([id]);
    await wfm.devices.remove(id);
    expect([wfm.devices.byCertificate(der), wfm.devices.byName('saw')]).toEqual([undefined, []]);
    const again = await wfm.devices.onboard(pem);
    await expect.poll(() => other.devices.byCertificate(der)).toBe(again.id);
  });
});
