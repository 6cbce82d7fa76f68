import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../core/testing/index.js';
import { MemoryState } from '../../providers/state/memory/index.js';
import { addDevice, profile, startWfm, type Wfm } from '../../test/managers/wfm.js';
import { Followers } from './followers.js';

const state = () => new MemoryState();
let wfm: Wfm;
let other: Wfm;
let clientId: string;
beforeEach(async () => {
  const shared = { state: state(), clock: manualClock() };
  wfm = await startWfm(shared);
  other = await startWfm({ ...shared, dataDir: wfm.dataDir });
  clientId = (await addDevice(wfm)).id;
  await expect.poll(() => other.devices.keyOf(clientId)).toBeDefined();
});
afterEach(async () => {
  await other.stop();
  await wfm.stop();
});

const publish = (revision: string, on: Wfm = wfm) =>
  on.manifests.update(clientId, async () => ({
    deployments: [
      {
        id: 'd',
        name: 'pump',
        namespace: 'default',
        deviceId: 'press-7',
        applicationId: 'pump',
        profile: profile('compose', revision),
        parameters: {},
      },
    ],
    form: 'D2',
    alongside: () => [],
  }));

describe('the changes of a manifest', () => {
  it('are the present one, then each new one, whichever host made it', async () => {
    const ended = new AbortController();
    const changes = other.manifests.changes(clientId, ended.signal)[Symbol.asyncIterator]();
    const next = async () => (await changes.next()).value?.version;
    expect(await next()).toBe(1);
    const second = next();
    await publish('1.0.0');
    expect(await second).toBe(2);
    const third = next();
    await publish('1.1.0', other);
    expect(await third).toBe(3);
    const fourth = changes.next();
    ended.abort();
    expect(await fourth).toEqual({ done: true, value: undefined });
  });

  it('come as the newest only to who reads slowly', async () => {
    const changes = wfm.manifests.changes(clientId, new AbortController().signal)[Symbol.asyncIterator]();
    expect((await changes.next()).value?.version).toBe(1);
    await publish('1.0.0');
    await publish('1.1.0');
    expect((await changes.next()).value?.version).toBe(3);
    await changes.return?.();
  });

  it('end with the client, and are none for a stranger', async () => {
    await publish('1.0.0');
    const { signal } = new AbortController();
    const changes = wfm.manifests.changes(clientId, signal)[Symbol.asyncIterator]();
    expect((await changes.next()).value?.version).toBe(2);
    const end = changes.next();
    const removal = await wfm.manifests.removal(clientId);
    await wfm.devices.remove(clientId);
    await wfm.state.commit(removal);
    expect((await end).done).toBe(true);
    expect((await wfm.manifests.changes('nobody', signal)[Symbol.asyncIterator]().next()).done).toBe(true);
  });
});

describe('followers', () => {
  it('are woken once, by their own key or their signal, and then forgotten', async () => {
    const followers = new Followers();
    const given = new AbortController();
    const woken: string[] = [];
    const one = followers.next('a', given.signal).then(() => woken.push('one'));
    const two = followers.next('a', new AbortController().signal).then(() => woken.push('two'));
    followers.changed('b');
    given.abort();
    await one;
    expect(woken).toEqual(['one']);
    followers.changed('a');
    await two;
    followers.changed('a');
    await followers.next('a', given.signal);
    expect(woken).toEqual(['one', 'two']);
  });
});
