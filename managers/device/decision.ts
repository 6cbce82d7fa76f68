import { Problem, problems } from '../../core/operation/index.js';
import type { DeviceRecord, OnboardingState } from './index.js';

interface Decision {
  readonly verb: string;
  readonly to: OnboardingState;
  readonly from: readonly OnboardingState[];
}

/** What an operator may decide, and about devices in which state. */
export const decisions = {
  approve: { verb: 'approved', to: 'ONBOARDED', from: ['PENDING', 'REJECTED'] },
  reject: { verb: 'rejected', to: 'REJECTED', from: ['PENDING'] },
  revoke: { verb: 'revoked', to: 'REVOKED', from: ['PENDING', 'ONBOARDED', 'REJECTED'] },
} as const satisfies Record<string, Decision>;

/**
 * @returns the state that follows; the present one when the decision was taken before
 * @throws Problem 409 when the device is in no state for it
 */
export function decide(device: DeviceRecord, { verb, to, from }: Decision): OnboardingState {
  if (device.state === to || from.includes(device.state)) return to;
  throw new Problem(
    problems.conflict,
    `device ${device.id} is ${device.state}; only a device that is ${from.join(' or ')} can be ${verb}`,
  );
}

/** Why a device in this state may not use its credentials; `undefined` when it may. */
export function refusal(state: OnboardingState): string | undefined {
  switch (state) {
    case 'ONBOARDED':
      return undefined;
    case 'PENDING':
      return 'the device waits for the approval of an operator';
    case 'REJECTED':
      return 'an operator has rejected the device';
    case 'REVOKED':
      return 'an operator has revoked the credentials of the device';
  }
}
