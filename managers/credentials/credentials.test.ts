import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CredentialFault, type CredentialIssuer } from '../../core/ports/index.js';
import {
  type ManualClock,
  manualClock,
  recordingLogger,
  type TestContext,
  testContext,
} from '../../core/testing/index.js';
import { MemoryState } from '../../providers/state/memory/index.js';
import { addDevice, certificatePem, startWfm, type Wfm } from '../../test/managers/wfm.js';
import credentialManager from './definition.js';
import type { CredentialManager } from './index.js';
import { accounts } from './record.js';

/** A registry in memory: who has an account, and with which password. */
class Registry implements CredentialIssuer {
  readonly passwords = new Map<string, string>();
  readonly revoked: string[] = [];
  /** Thrown instead of answering. */
  fault: CredentialFault | undefined;
  /** Awaited before an account is made. */
  before: (holder: string, signal?: AbortSignal) => Promise<void> = async () => undefined;
  #count = 0;

  async issue(holder: string, signal?: AbortSignal) {
    await this.before(holder, signal);
    if (this.fault) throw this.fault;
    const password = `password ${++this.#count}`;
    this.passwords.set(holder, password);
    return [{ registry: 'registry.test', username: holder, password }];
  }

  async revoke(holder: string): Promise<void> {
    if (this.fault) throw this.fault;
    this.revoked.push(holder);
    this.passwords.delete(holder);
  }
}

let state: MemoryState;
let clock: ManualClock;
let registry: Registry;
let wfm: Wfm;
let open: TestContext<CredentialManager>[] = [];
let log: ReturnType<typeof recordingLogger>;

async function start(): Promise<CredentialManager> {
  const context = await testContext<CredentialManager>(credentialManager, {
    uses: { state, devices: wfm.devices, issuer: registry },
    clock,
    log,
  });
  await context.start();
  open.push(context);
  return context.instance;
}
async function stopAll(): Promise<void> {
  for (const context of open.splice(0)) await context.dispose();
}
const noted = async () => (await state.list(accounts, {})).items.map(({ key }) => key);

beforeEach(async () => {
  state = new MemoryState();
  clock = manualClock();
  registry = new Registry();
  log = recordingLogger();
  wfm = await startWfm({ state, clock });
});
afterEach(async () => {
  await stopAll();
  open = [];
  await wfm.stop();
});

const patience = { timeout: 60_000 };
/** Longer than any wait between two tries, and than making an account may take. */
const aWhile = 400_000;
/** Holds in the end, however long it takes by the clock of the hosts. */
const inTheEnd = (check: () => unknown) =>
  vi.waitFor(async () => {
    await clock.advance(aWhile);
    await check();
  }, patience);

describe('a device that asks for pull credentials', () => {
  it('gets them when it is onboarded, and new ones when it asks again', async () => {
    const { id } = await addDevice(wfm);
    const manager = await start();
    for (const password of ['password 1', 'password 2'])
      expect(await manager.issue(id)).toEqual([{ registry: 'registry.test', username: id, password }]);
    expect(JSON.stringify(await state.list(accounts, {}))).not.toContain('password');
  });

  it('gets none before it is approved, nor when nobody knows it', async () => {
    await wfm.stop();
    wfm = await startWfm({ state, clock, onboarding: 'approve' });
    const { id } = await wfm.devices.onboard(await certificatePem(clock));
    const manager = await start();
    await expect(manager.issue(id)).rejects.toMatchObject({ kind: { status: 403 } });
    await expect(manager.issue('nobody')).rejects.toMatchObject({ kind: { status: 404 } });
    expect(registry.passwords.size).toBe(0);
    expect(await noted()).toEqual([]);
  });

  it('is asked to come back while the registry gives none, without what the registry says', async () => {
    const { id } = await addDevice(wfm);
    const manager = await start();
    registry.fault = new CredentialFault('denied', 'robot accounts are not for ada');
    await expect(manager.issue(id)).rejects.toMatchObject({
      kind: { status: 503 },
      retryAfterSeconds: 15,
      detail: expect.not.stringContaining('ada'),
    });
    expect(log.lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        fields: expect.objectContaining({ why: 'robot accounts are not for ada' }),
      }),
    );
  });

  it('is not kept waiting by a registry that says nothing', async () => {
    const { id } = await addDevice(wfm);
    const manager = await start();
    const asked = new Promise<void>((resolve) => {
      registry.before = (_, signal) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason));
          resolve();
        });
    });
    const answer = expect(manager.issue(id)).rejects.toMatchObject({ kind: { status: 503 } });
    await asked;
    await clock.advance(30_000);
    await answer;
  });
});

describe('the account of a device', () => {
  it.each(['revoke', 'remove'] as const)('ends when an operator does this: %s', async (decision) => {
    const [gone, other] = [await addDevice(wfm), await addDevice(wfm, 'press-8')];
    const manager = await start();
    for (const { id } of [gone, other]) await manager.issue(id);
    await wfm.devices[decision](gone.id);
    await vi.waitFor(() => expect(registry.revoked).toEqual([gone.id]), patience);
    await inTheEnd(async () => expect(await noted()).toEqual([other.id]));
    expect([...registry.passwords.keys()]).toEqual([other.id]);
  });

  it('ends though the registry was away, and though nobody was there when its device was revoked', async () => {
    const { id } = await addDevice(wfm);
    await (await start()).issue(id);
    await stopAll();
    await wfm.devices.revoke(id);
    registry.fault = new CredentialFault('unreachable', 'away');
    await start();
    const failed = () => log.lines.some(({ fields }) => fields['failures'] === 1);
    await vi.waitFor(() => expect(failed()).toBe(true), patience);
    expect(await noted()).toEqual([id]);
    registry.fault = undefined;
    await inTheEnd(async () => expect(await noted()).toEqual([]));
    expect(registry.passwords.size).toBe(0);
  });

  it('ends when it was made while its device was revoked', async () => {
    const { id } = await addDevice(wfm);
    const manager = await start();
    registry.before = async () => {
      await wfm.devices.revoke(id);
      // Whoever follows devices was there before the account was.
      await vi.waitFor(() => expect(registry.revoked).toEqual([id]), patience);
    };
    await expect(manager.issue(id)).rejects.toMatchObject({ kind: { status: 403 } });
    await vi.waitFor(() => expect(registry.passwords.size).toBe(0), patience);
    await inTheEnd(async () => expect(await noted()).toEqual([]));
  });

  it('ends when a host made it that died before it could look again', async () => {
    const { id } = await addDevice(wfm);
    await (await start()).issue(id);
    await wfm.devices.revoke(id);
    await vi.waitFor(() => expect(registry.revoked).toEqual([id]), patience);
    // As that host would have left it.
    registry.passwords.set(id, 'made too late');
    await inTheEnd(() => expect(registry.passwords.size).toBe(0));
    await inTheEnd(async () => expect(await noted()).toEqual([]));
  });
});
