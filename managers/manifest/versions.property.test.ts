import fc from 'fast-check';
import { expect, it } from 'vitest';
import { allOf } from '../../core/mirror/index.js';
import { type Collection, put, type StateProvider } from '../../core/ports/index.js';
import { type ManualClock, manualClock } from '../../core/testing/index.js';
import { MemoryState } from '../../providers/state/memory/index.js';
import { addDevice, profile, startWfm, type Wfm } from '../../test/managers/wfm.js';
import { devices, fingerprints } from '../device/record.js';
import { manifestBlobs, manifests } from './record.js';

/** What may happen to a fleet manager and one of its devices. */
type Step =
  | { readonly kind: 'change'; readonly deployments: readonly number[] }
  | { readonly kind: 'poll' | 'restart' | 'backup' | 'wait' }
  | { readonly kind: 'restore'; readonly backup: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('change' as const), deployments: fc.subarray([1, 2, 3, 4]) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('poll' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('restart' as const, 'backup' as const, 'wait' as const) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restore' as const), backup: fc.nat(5) }) },
);

async function copy(from: StateProvider): Promise<MemoryState> {
  const to = new MemoryState();
  const kept: Collection<never>[] = [devices, fingerprints, manifests, manifestBlobs];
  for (const collection of kept) {
    for await (const { key, value } of allOf(from, collection)) await to.commit([put(collection, key, value)]);
  }
  return to;
}

/** A device as the standard wants it: takes nothing but a version that is strictly greater. */
class Device {
  version = 0;
  etag: string | undefined;
  /** Whether the store has been replaced since the device last took a manifest. */
  disturbed = false;

  constructor(private readonly id: string) {}

  /** @returns whether the device is up to date */
  async poll({ manifests: served }: Wfm): Promise<boolean> {
    if (this.etag !== undefined && served.current(this.id)?.etag !== this.etag)
      await served.observe(this.id, this.etag);
    const current = served.current(this.id);
    if (!current) throw new Error('the device is unknown');
    if (current.etag === this.etag) return true;
    if (current.version <= this.version) {
      expect(this.disturbed, `version ${current.version} after ${this.version} without a restore`).toBe(true);
      return false;
    }
    this.version = current.version;
    this.etag = current.etag;
    this.disturbed = false;
    return true;
  }
}

async function run(steps: readonly Step[]): Promise<void> {
  const clock: ManualClock = manualClock();
  let wfm = await startWfm({ clock, state: new MemoryState() });
  const { dataDir } = wfm;
  const { id } = await addDevice(wfm);
  const device = new Device(id);
  const backups = [await copy(wfm.state)];
  const replace = async (state: StateProvider): Promise<void> => {
    await wfm.stop();
    wfm = await startWfm({ clock, state, dataDir });
  };
  let revision = 0;
  let restores = 0;
  for (const one of steps) {
    switch (one.kind) {
      case 'change': {
        const deployments = one.deployments.map((number) => ({
          id: `d${number}`,
          name: 'pump',
          namespace: 'default',
          applicationId: 'pump',
          profile: profile('compose', `${++revision}`),
          parameters: {},
        }));
        await wfm.manifests.update(id, async () => ({ deployments, form: 'D2', alongside: () => [] }));
        break;
      }
      case 'poll':
        await device.poll(wfm);
        break;
      case 'restart':
        await replace(wfm.state);
        break;
      case 'backup':
        backups.push(await copy(wfm.state));
        break;
      case 'wait':
        await clock.advance(60_000);
        break;
      case 'restore':
        restores++;
        device.disturbed = true;
        await replace(await copy(backups[one.backup % backups.length] ?? wfm.state));
        break;
    }
  }
  // Whatever happened, the device gets on: each poll that an hour passes before makes up for one lost epoch.
  for (let poll = 0; !(await device.poll(wfm)); poll++) {
    expect(poll, 'the device never gets a version that it takes').toBeLessThanOrEqual(restores);
    await clock.advance(3_600_000);
  }
  expect(wfm.manifests.current(id)?.etag).toBe(device.etag);
  await wfm.stop();
}

it('never gives a device a version that it took before, and always lets it go on', () =>
  fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 25 }), run), { numRuns: 60 }));
