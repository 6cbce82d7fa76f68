import { describe, expect, it, onTestFinished } from 'vitest';
import { FleetManagerFault } from '../../core/plugin/index.js';
import { type ManualClock, manualClock, recordingLogger } from '../../core/testing/index.js';
import { ManifestListener, type PushMode } from '../../managers/sync/listener.js';
import { FakeFleetManager } from './fake-fleet-manager.js';

const hour = 3_600_000;

interface Listening {
  readonly fleet: FakeFleetManager;
  readonly clock: ManualClock;
  readonly log: ReturnType<typeof recordingLogger>;
  readonly listener: ManifestListener;
  hurried: number;
  etag: string;
}

function listening(mode: PushMode = 'auto'): Listening {
  const clock = manualClock();
  const log = recordingLogger();
  const fleet = new FakeFleetManager();
  const site: Listening = {
    fleet,
    clock,
    log,
    hurried: 0,
    etag: 'held',
    listener: new ManifestListener({
      fleet,
      clock,
      log,
      mode,
      position: () => ({ etag: site.etag }),
      hurry: () => {
        site.hurried += 1;
      },
    }),
  };
  onTestFinished(() => site.listener.stop());
  return site;
}
const calls = ({ fleet }: Listening): number => fleet.calls.length;

describe('an agent whose fleet manager tells of changes', () => {
  it('polls at once for what it does not hold, and only then', async () => {
    const site = listening();
    site.listener.follow('client-1');
    await expect.poll(() => site.fleet.calls).toEqual(['changes after held']);
    site.fleet.tell('held');
    site.fleet.tell('new');
    await expect.poll(() => site.hurried).toBe(1);
  });

  it('comes back when the line breaks, later each time, and at once when there is contact again', async () => {
    const site = listening();
    site.fleet.faults.set('changes', new FleetManagerFault('unreachable', 'nobody there'));
    site.listener.follow('client-1');
    await expect.poll(() => calls(site)).toBe(1);
    // The pauses are 0.5 to 1 s, then 1 to 2 s: the third call comes between 1.5 and 3 s after the first.
    await site.clock.advance(1000);
    await expect.poll(() => calls(site)).toBe(2);
    await site.clock.advance(499);
    expect(calls(site)).toBe(2);
    await site.clock.advance(1501);
    await expect.poll(() => calls(site)).toBe(3);
    site.fleet.faults.clear();
    site.listener.follow('client-1');
    await expect.poll(() => calls(site)).toBe(4);
    site.etag = 'newer';
    site.fleet.hangUp();
    await site.clock.advance(300_000);
    await expect.poll(() => site.fleet.calls.at(-1)).toBe('changes after newer');
  });

  it('waits as long as it is asked to', async () => {
    const site = listening();
    site.fleet.faults.set('changes', new FleetManagerFault('busy', 'not now', 600_000));
    site.listener.follow('client-1');
    await expect.poll(() => calls(site)).toBe(1);
    await site.clock.advance(599_999);
    expect(calls(site)).toBe(1);
    await site.clock.advance(1);
    await expect.poll(() => calls(site)).toBe(2);
  });

  it('follows another client when it is given another id', async () => {
    const site = listening();
    site.listener.follow('client-1');
    await expect.poll(() => calls(site)).toBe(1);
    site.listener.follow('client-2');
    await expect.poll(() => site.fleet.followed).toEqual(['client-2']);
    await site.listener.stop();
    expect(site.fleet.followed).toEqual([]);
  });
});

describe('an agent whose fleet manager does not', () => {
  const unsupported = new FleetManagerFault('unsupported', 'what changes?');

  it('leaves it alone for an hour, whatever contact there is', async () => {
    const site = listening();
    site.fleet.faults.set('changes', unsupported);
    site.listener.follow('client-1');
    await expect.poll(() => calls(site)).toBe(1);
    site.listener.follow('client-1');
    await site.clock.advance(hour - 1);
    expect(calls(site)).toBe(1);
    await site.clock.advance(1);
    await expect.poll(() => calls(site)).toBe(2);
    expect(site.log.lines.filter(({ level }) => level !== 'debug')).toMatchObject([{ level: 'info' }]);
  });

  it('goes on asking where the profile says that it does tell', async () => {
    const site = listening('on');
    site.fleet.faults.set('changes', unsupported);
    site.listener.follow('client-1');
    await expect.poll(() => calls(site)).toBe(1);
    await site.clock.advance(1000);
    await expect.poll(() => calls(site)).toBe(2);
  });

  it('does not ask where the profile says so', async () => {
    const site = listening('off');
    site.listener.follow('client-1');
    await site.clock.advance(hour);
    expect(site.fleet.calls).toEqual([]);
  });
});
