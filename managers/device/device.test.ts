import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ensureDeviceCa, issueDeviceCertificate, SigningKey } from '../../core/identity/index.js';
import { type ManualClock, manualClock } from '../../core/testing/index.js';
import { MemoryState } from '../../providers/state/memory/index.js';
import {
  addDevice,
  capabilities,
  certificatePem,
  startWfm,
  type Wfm,
  type WfmOptions,
} from '../../test/managers/wfm.js';
import { sightings } from './record.js';

const running: Wfm[] = [];
afterEach(async () => {
  for (const wfm of running.splice(0)) await wfm.stop();
});
async function start(options: WfmOptions & { clock?: ManualClock } = {}): Promise<Wfm & { clock: ManualClock }> {
  const clock = options.clock ?? manualClock();
  const wfm = await startWfm({ ...options, clock });
  running.push(wfm);
  return { ...wfm, clock };
}

describe('onboarding', () => {
  it('gives the same certificate the same client, whoever comes first', async () => {
    const { devices, clock, dataDir, state } = await start();
    const pem = await certificatePem(clock);
    const other = await start({ state, dataDir, clock });
    const given = await Promise.all(
      [devices, other.devices, devices, other.devices, devices].map((side) => side.onboard(pem)),
    );
    const base64 = Buffer.from(pem).toString('base64');
    expect(new Set([...given, await devices.onboard(base64)].map(({ id }) => id)).size).toBe(1);
    expect((await devices.list({})).total).toBe(1);
    expect(given[0]).toMatchObject({ name: 'press-7', state: 'ONBOARDED' });
    expect(given[0]?.id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('takes whom the device CA vouches for, and says why not', async () => {
    const { devices, clock, dataDir } = await start({ onboarding: 'ca' });
    const directory = join(dataDir, 'pki');
    expect((await stat(join(directory, 'device-ca.crt'))).isFile()).toBe(true);
    const authority = await ensureDeviceCa(directory, clock.now());
    const key = SigningKey.generate().verificationKey;
    const issued = await issueDeviceCertificate(authority, { name: 'saw-1', key, now: clock.now() });
    expect(await devices.onboard(issued.pem)).toMatchObject({ name: 'saw-1', state: 'ONBOARDED' });
    await expect(devices.onboard(await certificatePem(clock))).rejects.toMatchObject({
      kind: { status: 403 },
      message: expect.stringContaining('self-signed'),
    });
    expect((await devices.list({})).total).toBe(1);
  });

  it('reads the anchors anew, so that a changed file counts at once', async () => {
    const { devices, clock, dataDir } = await start({ onboarding: 'ca' });
    const pem = await certificatePem(clock);
    const file = join(dataDir, 'pki', 'device-ca.crt');
    await writeFile(file, `${await readFile(file, 'utf8')}\n${pem}`);
    expect(await devices.onboard(pem)).toMatchObject({ state: 'ONBOARDED' });
  });

  it('refuses at start what is no device CA', async () => {
    const { dataDir } = await start({ onboarding: 'ca' });
    await writeFile(join(dataDir, 'pki', 'device-ca.crt'), 'nothing');
    await expect(startWfm({ onboarding: 'ca', dataDir })).rejects.toThrow(/device-ca\.crt cannot be read/);
  });

  it('waits for an operator where it must', async () => {
    const { devices, clock } = await start({ onboarding: 'approve' });
    const pem = await certificatePem(clock);
    const { id, state } = await devices.onboard(pem);
    expect(state).toBe('PENDING');
    expect(devices.keyOf(id)).toEqual({ refused: expect.stringContaining('approval') });
    expect(await devices.onboard(pem)).toMatchObject({ id, state: 'PENDING' });
    await devices.approve(id);
    expect(await devices.onboard(pem)).toMatchObject({ id, state: 'ONBOARDED' });
    expect(devices.keyOf(id)).toMatchObject({ key: { kind: 'EC P-256' } });
  });

  it('keeps only so many waiting, however many come at once', async () => {
    const { devices, clock } = await start({ onboarding: 'approve', devices: { maxPending: 2 } });
    const pems = await Promise.all(['a', 'b', 'c', 'd'].map((name) => certificatePem(clock, name)));
    const ends = await Promise.allSettled(pems.map((pem) => devices.onboard(pem)));
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { kind: { status: 429 }, retryAfterSeconds: 60, message: expect.stringContaining('maxPending') },
    });
    const waiting = (await devices.list({ state: 'PENDING' })).items;
    expect(waiting).toHaveLength(2);
    // Those that wait are answered as before; a decision makes room.
    const [first] = waiting;
    expect(await devices.onboard(first?.certificate ?? '')).toMatchObject({ id: first?.id, state: 'PENDING' });
    await devices.approve(first?.id ?? '');
    await devices.onboard(await certificatePem(clock, 'e'));
    expect((await devices.list({})).total).toBe(3);
  });

  it('keeps only so many devices, whoever may onboard', async () => {
    const { devices, clock } = await start({ onboarding: 'open', devices: { maxDevices: 2 } });
    const pems = await Promise.all(['a', 'b', 'c'].map((name) => certificatePem(clock, name)));
    const ends = await Promise.allSettled(pems.map((pem) => devices.onboard(pem)));
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    await expect(devices.onboard(await certificatePem(clock, 'd'))).rejects.toMatchObject({
      kind: { status: 429 },
      retryAfterSeconds: 60,
      message: expect.stringContaining('maxDevices'),
    });
    await devices.remove((await devices.list({})).items[0]?.id ?? '');
    expect(await devices.onboard(await certificatePem(clock, 'e'))).toMatchObject({ state: 'ONBOARDED' });
  });

  it('refuses the rejected and the revoked, with the reason', async () => {
    const { devices, clock } = await start({ onboarding: 'approve' });
    const [rejected, revoked] = [await certificatePem(clock, 'a'), await certificatePem(clock, 'b')];
    const { id } = await devices.onboard(revoked);
    await devices.reject((await devices.onboard(rejected)).id);
    await devices.approve(id);
    await devices.revoke(id);
    await expect(devices.onboard(rejected)).rejects.toMatchObject({
      kind: { status: 403 },
      message: expect.stringContaining('rejected'),
    });
    await expect(devices.onboard(revoked)).rejects.toMatchObject({
      kind: { status: 403 },
      message: expect.stringContaining('revoked'),
    });
    expect(devices.keyOf(id)).toEqual({ refused: expect.stringContaining('revoked') });
    await expect(devices.approve(id)).rejects.toMatchObject({ kind: { status: 409 } });
    await devices.remove(id);
    expect(devices.keyOf(id)).toBeUndefined();
    expect((await devices.onboard(revoked)).id).not.toBe(id);
  });

  it('cannot use what is no certificate, or no longer one', async () => {
    const { devices, clock, state, dataDir } = await start();
    await expect(devices.onboard('nonsense')).rejects.toMatchObject({ kind: { status: 400 } });
    const pem = await certificatePem(clock);
    const { id } = await devices.onboard(pem);
    const later = await start({ state, dataDir, clock: manualClock(clock.now() + 6 * 365 * 86_400_000) });
    await expect(later.devices.onboard(pem)).rejects.toMatchObject({
      kind: { status: 400 },
      message: expect.stringContaining('expired'),
    });
    expect(later.devices.keyOf(id)).toEqual({ refused: expect.stringContaining('expired') });
  });
});

describe('credentials', () => {
  it('are the same on every host of a store, and after a restart', async () => {
    const { devices, clock, state, dataDir } = await start();
    const other = await start({ state, dataDir, clock });
    const { id } = await addDevice({ devices, clock });
    await expect.poll(() => other.devices.keyOf(id)).toMatchObject({ key: {} });
    await other.devices.revoke(id);
    await expect.poll(() => devices.keyOf(id)).toMatchObject({ refused: expect.stringContaining('revoked') });
    expect((await start({ state, dataDir, clock })).devices.keyOf(id)).toMatchObject({
      refused: expect.stringContaining('revoked'),
    });
  });
});

describe('capabilities', () => {
  it('are kept by device, the client itself first, and nothing is written twice', async () => {
    const { devices, clock } = await start();
    const { id } = await devices.onboard(await certificatePem(clock));
    expect(await devices.reportCapabilities(id, capabilities('gw'), 'D1')).toBe(true);
    expect(await devices.reportCapabilities(id, capabilities('gw/panel'), 'D2')).toBe(true);
    await clock.advance(1000);
    const before = await devices.get(id);
    expect(await devices.reportCapabilities(id, capabilities('gw'), 'D1')).toBe(false);
    expect(await devices.get(id)).toEqual(before);
    expect(Object.keys(before.capabilities)).toEqual(['gw', 'gw/panel']);
    expect(devices.formOf(before)).toBe('D1');
    expect(devices.formOf(await devices.setForm(id, 'D2'))).toBe('D2');
    expect(devices.formOf(await devices.setForm(id, undefined))).toBe('D1');
  });

  it('of a child need its gateway first, and go with it', async () => {
    const { devices, clock } = await start();
    const { id } = await devices.onboard(await certificatePem(clock));
    await expect(devices.reportCapabilities(id, capabilities('gw/a'), 'D2')).rejects.toMatchObject({
      kind: { status: 404 },
      message: expect.stringContaining('gw'),
    });
    await devices.reportCapabilities(id, capabilities('gw'), 'D2');
    await devices.reportCapabilities(id, capabilities('gw/a'), 'D2');
    await devices.reportCapabilities(id, capabilities('gw2'), 'D2');
    await devices.withdrawCapabilities(id, 'gw');
    expect(Object.keys((await devices.get(id)).capabilities)).toEqual(['gw2']);
    await expect(devices.withdrawCapabilities(id, 'gw')).rejects.toMatchObject({ kind: { status: 404 } });
    await expect(devices.reportCapabilities('nobody', capabilities('x'), 'D2')).rejects.toMatchObject({
      kind: { status: 404 },
    });
  });

  it('may have any names and labels that a device can think of', async () => {
    const { devices, clock } = await start();
    const { id } = await addDevice({ devices, clock }, 'a', { labels: { 'k=\0': 'v\ud800', constructor: true } });
    const [found] = (await devices.list({ label: { key: 'k=\0', value: 'v\ud800' } })).items;
    expect(found?.id).toBe(id);
    expect(await devices.reportCapabilities(id, capabilities('constructor'), 'D2')).toBe(true);
    await expect(devices.withdrawCapabilities(id, 'toString')).rejects.toMatchObject({ kind: { status: 404 } });
    await expect(devices.reportCapabilities(id, capabilities('valueOf/a'), 'D2')).rejects.toMatchObject({
      kind: { status: 404 },
    });
  });

  it('make devices be found by their labels', async () => {
    const { devices, clock } = await start();
    const line1 = await addDevice({ devices, clock }, 'a', { labels: { line: 1, os: ['linux', 'rt'] } });
    await addDevice({ devices, clock }, 'b', { labels: { line: 2 } });
    const found = async (key: string, value: string) =>
      (await devices.list({ label: { key, value } })).items.map(({ name }) => name);
    expect(await found('line', '1')).toEqual(['a']);
    expect(await found('os', 'rt')).toEqual(['a']);
    await devices.revoke(line1.id);
    expect(await found('line', '1')).toEqual([]);
  });
});

describe('signs of life', () => {
  it('are written at most once a minute, all devices together, and when the host stops', async () => {
    const commits: number[] = [];
    const state = new MemoryState();
    const commit = state.commit.bind(state);
    state.commit = (changes) => {
      if (changes.some((change) => change.in.name === sightings.name)) commits.push(changes.length);
      return commit(changes);
    };
    const { devices, clock, dataDir, stop } = await start({ state });
    const [a, b] = [await addDevice({ devices, clock }, 'a'), await addDevice({ devices, clock }, 'b')];
    for (let poll = 0; poll < 10; poll++) {
      devices.seen(a.id);
      devices.seen(b.id);
      await clock.advance(5_000);
    }
    expect(commits).toEqual([]);
    await clock.advance(10_000);
    expect(commits).toEqual([2]);
    devices.seen(a.id);
    const at = clock.now();
    await stop();
    running.length = 0;
    expect(commits).toEqual([2, 1]);
    const again = await start({ state, dataDir, clock });
    expect(again.devices.lastSeen(a.id)).toBe(at);
    expect(again.devices.lastSeen(b.id)).toBeLessThan(at);
    expect(again.devices.lastSeen('nobody')).toBeUndefined();
  });

  it('do not outlive their device', async () => {
    const { devices, clock, state } = await start();
    const { id } = await addDevice({ devices, clock });
    devices.seen(id);
    await devices.remove(id);
    devices.seen(id);
    await clock.advance(60_000);
    expect(await state.count(sightings)).toBe(0);
  });
});
