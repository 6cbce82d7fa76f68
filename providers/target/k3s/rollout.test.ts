import { beforeEach, describe, expect, it } from 'vitest';
import { TargetFault } from '../../../core/plugin/index.js';
import { type ManualClock, manualClock, type RecordingLogger, recordingLogger } from '../../../core/testing/index.js';
import { call, faultOf } from '../../../test/target/trial.js';
import type { ComponentState } from './component-status.js';
import type { ApplyRequest, Driver } from './driver.js';
import { Feed } from './feed.js';
import type { Releases } from './releases.js';
import { Rollout } from './rollout.js';

const starting: ComponentState = {
  phase: 'installing',
  reason: 'pod web-1 is being started',
  final: false,
  probed: true,
};
const running: ComponentState = { phase: 'running', final: false, probed: true };

let clock: ManualClock;
let log: RecordingLogger;
let state: ComponentState;
let began: number;
beforeEach(() => {
  [clock, log, state] = [manualClock(), recordingLogger(), starting];
  began = clock.now();
});

function bring(driver: Partial<Driver>): Promise<void> {
  const made = { apply: () => Promise.resolve(), ...driver } as unknown as Driver;
  const release = { applied: 'f00' };
  const releases = {
    of: () => Promise.resolve([{ driver: made, release }]),
    explained: () => Promise.resolve(state),
  } as unknown as Releases;
  const feed = new Feed({ clock, log } as unknown as ConstructorParameters<typeof Feed>[0]);
  const component = { name: 'web', wait: true, timeout: 10_000 };
  const request = { application: { id: 'a' }, component, applied: 'f00' } as unknown as ApplyRequest;
  return new Rollout({ releases, feed, clock, log, settle: 0 }).bring(made, request, call());
}
const passed = (): number => clock.now() - began;
const applyFor =
  (milliseconds: number) =>
  ({ signal }: { readonly signal: AbortSignal }) =>
    clock.delay(milliseconds, signal);

describe('the time that a component has', () => {
  it.each([false, true])('is one for applying and waiting together (kept by the driver: %s)', async (keepsTime) => {
    const fault = faultOf(bring({ keepsTime, apply: (_, asked) => applyFor(6_000)(asked) }));
    let late: TargetFault | undefined;
    void fault.then((reason) => {
      late = reason;
    });
    await clock.advance(9_999);
    expect(late).toBeUndefined();
    await clock.advance(1);
    expect((await fault).message).toBe('web does not run after 10 s: pod web-1 is being started');
    expect(passed()).toBe(10_000);
  });

  it('is no reason to fail when it runs in the end, though nobody has told', async () => {
    const brought = bring({ goBack: () => Promise.reject(new Error('it went back')) });
    await clock.advance(5_000);
    state = running;
    await clock.advance(5_000);
    await expect(brought).resolves.toBeUndefined();
  });

  it('leaves the fault of a driver that keeps it itself as it is', async () => {
    const apply = async (): Promise<void> => {
      await clock.delay(11_000);
      throw new TargetFault('timeout', 'helm says: timed out', true);
    };
    const fault = faultOf(bring({ keepsTime: true, apply }));
    await clock.advance(11_000);
    expect((await fault).message).toBe('helm says: timed out');
  });
});

describe('going back', () => {
  const apply = () => Promise.reject(new TargetFault('invalid', 'it is refused', false));

  it('is tried after any fault, and told', async () => {
    const fault = await faultOf(bring({ apply, goBack: () => Promise.resolve('1.0.0') }));
    expect(fault).toMatchObject({ code: 'invalid', retry: false });
    expect(fault.message).toBe('it is refused\nrevision 1.0.0 was brought back');
  });

  it('ends too, and does not hide why', async () => {
    const goBack: Driver['goBack'] = async (_, { signal }) => {
      await clock.delay(3_600_000, signal);
      return '1.0.0';
    };
    const fault = faultOf(bring({ apply, goBack }));
    await clock.advance(300_000);
    expect((await fault).message).toBe(
      'it is refused\nthe revision before could not be brought back: that was not done after 300 s',
    );
  });
});

it('that came to run is noted, and is no less there when that cannot be', async () => {
  state = running;
  const noteRuns = () => Promise.reject(new TargetFault('platform', 'the API is away', true));
  await bring({ noteRuns });
  expect(log.lines.map(({ message }) => message)).toEqual(['web runs, and that cannot be noted: the API is away']);
});
