import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../device-api/device.js';
import { description } from '../device-api/registry.js';
import { expectProblem } from './call.js';
import { startWfm, type Wfm } from './wfm.js';

interface Page {
  readonly items: readonly { readonly id: string }[];
  readonly metadata: { readonly continue?: string; readonly total: number };
}

let wfm: Wfm;
let device: Device;
let other: Device;
let packageId: string;
beforeAll(async () => {
  wfm = await startWfm();
  packageId = await wfm.importPackage('1.0.0');
  device = await wfm.ready();
  other = await wfm.ready(undefined, 'press-8');
});
afterAll(() => wfm[Symbol.asyncDispose]());

async function page(path: string, query: Readonly<Record<string, string>>): Promise<Page> {
  const { status, json, text } = await wfm.ask('GET', `${path}?${new URLSearchParams(query).toString()}`);
  if (status !== 200) throw new Error(`${status} ${text}`);
  return json as unknown as Page;
}

/** Reads to the end. @param between what happens after each page but the last */
async function readAll(
  path: string,
  query: Readonly<Record<string, string>>,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<{ readonly ids: string[]; readonly sizes: number[] }> {
  const ids: string[] = [];
  const sizes: number[] = [];
  for (let next: string | undefined; ; ) {
    const { items, metadata } = await page(path, { ...query, ...(next !== undefined && { continue: next }) });
    ids.push(...items.map(({ id }) => id));
    sizes.push(items.length);
    next = metadata.continue;
    if (next === undefined) return { ids, sizes };
    await between();
  }
}

describe('a list of 25', () => {
  const made: string[] = [];
  beforeAll(async () => {
    for (let n = 0; n < 25; n++) {
      made.push(await wfm.deploy(packageId, n % 5 === 0 ? other : device, `line-${n}`));
    }
  });
  const present = (): Promise<{ ids: string[] }> => readAll('/deployments', {});

  it.each([
    [1, Array(25).fill(1)],
    [10, [10, 10, 5]],
    [25, [25]],
    [24, [24, 1]],
    [1000, [25]],
  ])('comes whole in pages of %i', async (limit, expected) => {
    const { ids, sizes } = await readAll('/deployments', { limit: String(limit) });
    expect(sizes).toEqual(expected);
    expect(ids.toSorted()).toEqual(made.toSorted());
  });

  it('says in every page how many there are', async () => {
    const { items, metadata } = await page('/deployments', { limit: '4' });
    expect(items).toHaveLength(4);
    expect(metadata.total).toBe(25);
  });

  it('goes with its filters over the pages', async () => {
    const { ids, sizes } = await readAll('/deployments', { limit: '3', deviceId: other.clientId });
    expect(sizes).toEqual([3, 2]);
    expect(ids.toSorted()).toEqual(made.filter((_, n) => n % 5 === 0).toSorted());
  });

  it('loses nothing and repeats nothing while others come and go', async () => {
    const before = (await present()).ids;
    let turn = 0;
    const { ids } = await readAll('/deployments', { limit: '4' }, async () => {
      turn += 1;
      const [victim] = before.splice(turn % 2 === 0 ? 0 : before.length - 1, 1);
      await wfm.ask('DELETE', `/deployments/${victim}?force=true`);
      await wfm.deploy(packageId, device, `new-${turn}`);
    });
    expect(turn).toBeGreaterThan(4);
    expect(new Set(ids).size).toBe(ids.length);
    // What was there from the first page to the last is in it.
    expect(ids).toEqual(expect.arrayContaining(before));
  });

  it('goes on where the last one of a page has gone', async () => {
    const { items, metadata } = await page('/deployments', { limit: '2' });
    const rest = (await present()).ids.slice(2);
    await wfm.ask('DELETE', `/deployments/${items[1]?.id}?force`);
    const after = await readAll('/deployments', { continue: metadata.continue ?? '', limit: '1000' });
    expect(after.ids).toEqual(rest);
  });
});

describe('packages and devices', () => {
  it('come page by page too', async () => {
    for (const version of ['2.0.0', '3.0.0']) await wfm.importPackage(version);
    for (const path of ['/packages', '/devices']) {
      const whole = await readAll(path, {});
      const { ids, sizes } = await readAll(path, { limit: '1' });
      expect(ids).toEqual(whole.ids);
      expect(sizes).toEqual(whole.ids.map(() => 1));
      expect(new Set(ids).size).toBeGreaterThan(1);
    }
  });

  it('can be filtered', async () => {
    const pump = await wfm.importPackage('4.0.0', description('4.0.0', 'com-acme-pump'));
    expect((await readAll('/packages', { applicationId: 'com-acme-pump' })).ids).toEqual([pump]);
    expect((await readAll('/packages', { applicationId: 'com-acme' })).ids).toEqual([]);
    expect((await readAll('/packages', { applicationId: 'com-acme-line-monitor', limit: '1' })).ids).toHaveLength(3);
    await wfm.ask('POST', `/devices/${other.clientId}/revoke`);
    expect((await readAll('/devices', { state: 'REVOKED' })).ids).toEqual([other.clientId]);
    expect((await readAll('/devices', { state: 'ONBOARDED' })).ids).toEqual([device.clientId]);
    expect((await readAll('/devices', { state: 'PENDING' })).ids).toEqual([]);
    expect((await readAll('/deployments', { appPackageId: pump })).ids).toEqual([]);
    const id = await wfm.deploy(pump, device, 'pump');
    expect((await readAll('/deployments', { appPackageId: pump })).ids).toEqual([id]);
    expect((await readAll('/deployments', { appPackageId: pump, deviceId: device.clientId })).ids).toEqual([id]);
    expect((await readAll('/deployments', { appPackageId: pump, deviceId: other.clientId })).ids).toEqual([]);
  });
});

describe.each(['/packages', '/deployments', '/devices'])('%s', (path) => {
  it.each(['0', '-1', '1001', '1.5', 'ten', '', '1e9', 'NaN'])('refuses limit=%s', async (limit) => {
    expect(expectProblem(await wfm.ask('GET', `${path}?limit=${limit}`), 422)).toEqual(['limit']);
  });

  it('refuses what is no token of its own', async () => {
    const { metadata } = await page(path === '/devices' ? '/packages' : '/devices', { limit: '1' });
    const foreign = metadata.continue ?? '';
    const own = (await page(path, { limit: '1' })).metadata.continue ?? '';
    expect(own).not.toBe('');
    const wrong = ['garbage', 'a', '%00', packageId, foreign, `${own}A`, own.slice(1), own.toLowerCase(), '../..'];
    for (const token of wrong) {
      const reply = await wfm.ask('GET', `${path}?continue=${token}`);
      expect(expectProblem(reply, 422)).toEqual(['continue']);
    }
    expect(expectProblem(await wfm.ask('GET', `${path}?continue=`), 422)).toEqual(['continue']);
  });

  it('refuses what it does not know, and what comes twice', async () => {
    expectProblem(await wfm.ask('GET', `${path}?limits=5`), 422, /limits/);
    expect(expectProblem(await wfm.ask('GET', `${path}?limit=5&limit=6`), 422)).toEqual(['limit']);
  });
});

it('refuses a state that no device can have', async () => {
  expect(expectProblem(await wfm.ask('GET', '/devices?state=onboarded'), 422)).toEqual(['state']);
});

it('answers 404 for devices that could run a package which is not there', async () => {
  expectProblem(await wfm.ask('GET', '/devices?appPackageId=none'), 404);
});
