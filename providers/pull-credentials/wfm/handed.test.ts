import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FleetManagerFault, type PullCredential, type PullCredentials } from '../../../core/ports/index.js';
import {
  type ManualClock,
  manualClock,
  recordingLogger,
  type TestContext,
  testContext,
} from '../../../core/testing/index.js';
import { FakeFleetManager } from '../../../test/agent/fake-fleet-manager.js';
import { HandedCredentials } from './handed.js';
import type { Held } from './held.js';
import pullCredentialsWfm from './index.js';

const day = 86_400_000;
const patience = { timeout: 60_000 };

/** Hands out a new password at each call, good for 30 days unless told. */
class Handing extends FakeFleetManager {
  asked = 0;
  life = 30 * day;
  fault: FleetManagerFault | undefined;
  constructor(private readonly clock: ManualClock) {
    super();
  }
  async pullCredentials(): Promise<readonly PullCredential[]> {
    this.asked++;
    if (this.fault) throw this.fault;
    const expiresAt = this.clock.now() + this.life;
    return [{ registry: 'registry.test', username: 'press-7', password: `password ${this.asked}`, expiresAt }];
  }
}

let dataDir: string;
let clock: ManualClock;
let fleet: Handing;
let log: ReturnType<typeof recordingLogger>;
const open: TestContext<PullCredentials>[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tutti-handed-'));
  clock = manualClock();
  fleet = new Handing(clock);
  log = recordingLogger();
});
afterEach(async () => {
  await stopAll();
  await rm(dataDir, { recursive: true });
});

async function stopAll(): Promise<void> {
  for (const context of open.splice(0)) await context.dispose();
}
async function start(config: object = {}) {
  const context = await testContext<PullCredentials>(pullCredentialsWfm, {
    ...{ config, uses: { fleet }, clock, log, dataDir, name: 'pulls' },
  });
  await context.start();
  open.push(context);
  return context.instance;
}
const file = () => join(dataDir, 'pulls', 'credentials.json');
const passwords = async (of: PullCredentials) => (await of.current()).map(({ password }) => password);
const away = new FleetManagerFault('unreachable', 'nobody answers');

describe('what the fleet manager hands to a device', () => {
  it('is asked for once, however many want it', async () => {
    const pulls = await start();
    const all = await Promise.all([passwords(pulls), passwords(pulls), passwords(pulls)]);
    expect(all).toEqual([['password 1'], ['password 1'], ['password 1']]);
    expect(pulls.health?.()).toEqual({ status: 'ok' });
  });

  it('is asked for anew when half of its life is over, and used until the end while nobody answers', async () => {
    const pulls = await start();
    expect(await passwords(pulls)).toEqual(['password 1']);
    await clock.advance(14 * day);
    expect(fleet.asked).toBe(1);
    fleet.fault = away;
    await clock.advance(2 * day);
    await vi.waitFor(() => expect(fleet.asked).toBeGreaterThan(1), patience);
    expect(await passwords(pulls)).toEqual(['password 1']);
    expect(pulls.health?.()).toMatchObject({ status: 'degraded', reason: expect.stringContaining('nobody answers') });
    fleet.fault = undefined;
    await vi.waitFor(async () => {
      await clock.advance(600_000);
      expect(await passwords(pulls)).not.toEqual(['password 1']);
    }, patience);
    expect(pulls.health?.()).toEqual({ status: 'ok' });
  });

  it('is not given any more when it has expired', async () => {
    const pulls = await start();
    await passwords(pulls);
    fleet.fault = away;
    await clock.advance(31 * day);
    expect(await passwords(pulls)).toEqual([]);
  });

  it('is nothing while the fleet manager is away or does not know the device yet, and comes as soon as it may', async () => {
    fleet.fault = new FleetManagerFault('refused', 'waits for approval', 15_000);
    const pulls = await start();
    expect(await passwords(pulls)).toEqual([]);
    expect(await passwords(pulls)).toEqual([]);
    expect(fleet.asked).toBe(1);
    fleet.fault = undefined;
    await clock.advance(15_000);
    expect(await passwords(pulls)).toEqual(['password 2']);
  });

  it('is asked for once an hour where nobody hands anything out', async () => {
    fleet.fault = new FleetManagerFault('unsupported', 'not here');
    const pulls = await start();
    expect(await passwords(pulls)).toEqual([]);
    await clock.advance(3_500_000);
    expect(await passwords(pulls)).toEqual([]);
    expect(fleet.asked).toBe(1);
    await clock.advance(100_000);
    expect(await passwords(pulls)).toEqual([]);
    expect(fleet.asked).toBe(2);
  });

  it('is replaced when the registry does not take it, unless it is new', async () => {
    const pulls = await start();
    await passwords(pulls);
    const [credential] = await pulls.current();
    if (!credential) throw new Error('there is one');
    await pulls.refused(credential);
    expect(await passwords(pulls)).toEqual(['password 1']);
    await clock.advance(600_000);
    await pulls.refused({ registry: 'another.test', username: 'press-7' });
    expect(await passwords(pulls)).toEqual(['password 1']);
    await pulls.refused(credential);
    expect(await passwords(pulls)).toEqual(['password 2']);
  });

  describe('and refused each time, as for a component that the account may not pull', () => {
    /** Says so every ten minutes. @returns how often there were others */
    async function refusedFor(pulls: PullCredentials, time: number): Promise<number> {
      const before = fleet.asked;
      for (let left = time; left > 0; left -= 600_000) {
        await clock.advance(600_000);
        await pulls.refused({ registry: 'registry.test', username: 'press-7' });
      }
      return fleet.asked - before;
    }

    it('is replaced less and less often, once a day at last', async () => {
      const pulls = await start({ keep: 'memory' });
      await passwords(pulls);
      // After 10, 20, 40, ... minutes.
      expect(await refusedFor(pulls, day)).toBe(7);
      expect(await refusedFor(pulls, 3 * day)).toBe(3);
    });

    it('is not replaced before half of its life is over, where that is less', async () => {
      fleet.life = day / 4;
      const pulls = await start({ keep: 'memory' });
      await passwords(pulls);
      await refusedFor(pulls, day / 2);
      expect(await refusedFor(pulls, day)).toBe(8);
    });
  });

  it('is told of to who keeps it elsewhere, each time that there is another', async () => {
    const pulls = await start();
    await passwords(pulls);
    const leaving = new AbortController();
    const told = pulls.changes(leaving.signal)[Symbol.asyncIterator]();
    for (const asked of [2, 3]) {
      await vi.waitFor(async () => {
        await clock.advance(day);
        expect(await passwords(pulls)).toEqual([`password ${asked}`]);
      }, patience);
    }
    for (let time = 0; time < 2; time++) {
      expect(await told.next()).toEqual({ done: false, value: ['registry.test'] });
    }
    leaving.abort();
    expect(await told.next()).toEqual({ done: true, value: undefined });
  });

  it('is told of until it stops', async () => {
    const pulls = await start();
    await passwords(pulls);
    const listening = pulls.changes(new AbortController().signal)[Symbol.asyncIterator]();
    await stopAll();
    const late = pulls.changes(new AbortController().signal)[Symbol.asyncIterator]();
    for (const told of [listening, late]) expect(await told.next()).toEqual({ done: true, value: undefined });
  });

  it('is never in the log', async () => {
    const pulls = await start();
    await passwords(pulls);
    expect(JSON.stringify(log.lines)).not.toContain('password 1');
  });
});

describe('the file of a device', () => {
  it('is for its owner alone, and good while the fleet manager is away', async () => {
    await passwords(await start());
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    await stopAll();
    fleet.fault = away;
    expect(await passwords(await start())).toEqual(['password 1']);
    expect(fleet.asked).toBe(1);
  });

  it('is written again when it could not be, with what is at hand, and nobody is asked for more', async () => {
    const writes: Held[] = [];
    let isFull = true;
    const write = async (held: Held) => {
      if (isFull) throw new Error('ENOSPC: no space left on device');
      writes.push(held);
    };
    const pulls = new HandedCredentials({ fleet, clock, log, file: { read: async () => undefined, write } });
    await pulls.start();
    try {
      expect(await passwords(pulls)).toEqual(['password 1']);
      const reason = expect.stringMatching(/cannot be written: ENOSPC.*they are used/);
      expect(pulls.health()).toEqual({ status: 'degraded', reason });
      await clock.advance(day / 24);
      expect(pulls.health()).toEqual({ status: 'degraded', reason });
      isFull = false;
      await clock.advance(day / 24);
      expect(writes.map(({ credentials }) => credentials[0]?.password)).toEqual(['password 1']);
      expect(pulls.health()).toEqual({ status: 'ok' });
      expect(fleet.asked).toBe(1);
    } finally {
      await pulls.stop();
    }
  });

  it('is tried for once more at the end', async () => {
    const writes: Held[] = [];
    const write = async (held: Held) => {
      if (writes.push(held) === 1) throw new Error('ENOSPC: no space left on device');
    };
    const pulls = new HandedCredentials({ fleet, clock, log, file: { read: async () => undefined, write } });
    await pulls.start();
    await passwords(pulls);
    await pulls.stop();
    expect(writes).toHaveLength(2);
    expect(pulls.health()).toEqual({ status: 'ok' });
  });

  it('is made anew when nobody can read it', async () => {
    await passwords(await start());
    await stopAll();
    for (const content of ['{"at"', '{"at": 1}']) {
      await writeFile(file(), content);
      const before = fleet.asked;
      expect(await passwords(await start())).toEqual([`password ${before + 1}`]);
      await stopAll();
      expect(await readFile(file(), 'utf8')).toContain(`password ${before + 1}`);
    }
  });

  it('is not there where the profile says memory', async () => {
    await passwords(await start({ keep: 'memory' }));
    await expect(stat(file())).rejects.toThrow('ENOENT');
  });
});
