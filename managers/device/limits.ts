import { Problem, problems } from '../../core/operation/index.js';
import type { OnboardingState } from './index.js';
import type { DeviceStore } from './store.js';

/** How many durable records strangers can make. */
export interface DeviceLimits {
  readonly maxPending: number;
  readonly maxDevices: number;
}

/** An operator may have decided about one by then. */
const retryAfterSeconds = 60;

/**
 * Whether one more device may be kept.
 * @throws Problem 429
 */
export async function mustHaveRoom(
  store: Pick<DeviceStore, 'size' | 'countPending'>,
  state: OnboardingState,
  { maxPending, maxDevices }: DeviceLimits,
): Promise<void> {
  if (store.size >= maxDevices) {
    throw new Problem(problems.tooManyRequests, `${maxDevices} devices are known, and no more are taken (maxDevices)`, {
      retryAfterSeconds,
    });
  }
  if (state === 'PENDING' && (await store.countPending()) >= maxPending) {
    throw new Problem(
      problems.tooManyRequests,
      `${maxPending} devices wait for the approval of an operator, and no more are taken (maxPending)`,
      { retryAfterSeconds },
    );
  }
}
