import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDeviceCa } from '../../core/identity/index.js';
import { defineManager, EventBus, StateProvider, z } from '../../core/plugin/index.js';
import { DeviceManager } from './index.js';
import { DeviceRegistry } from './manager.js';

export default defineManager({
  type: 'manager.device',
  version: '1.0.0',
  summary: 'Who a device is, what it can do, when it was last seen',
  provides: DeviceManager,
  config: z.strictObject({
    onboarding: z
      .enum(['ca', 'approve', 'open'])
      .default('ca')
      .describe(
        'Who may onboard: whom the device CA vouches for (ca), whom an operator approves (approve), anybody (open)',
      ),
    maxPending: z
      .int()
      .min(1)
      .default(1000)
      .describe('Devices that may wait for the approval of an operator at the same time'),
    maxDevices: z.int().min(1).default(100_000).describe('Devices that are known at most, whatever their state'),
    deviceCa: z
      .string()
      .min(1)
      .optional()
      .describe(
        'PEM file with the certificates that vouch for devices; `pki/device-ca.crt` in the data directory, made on first start, unless told',
      ),
  }),
  uses: { state: StateProvider, events: EventBus },
  create: ({ uses, config, clock, log, dataDir, resolvePath }) => {
    const { deviceCa: given, onboarding: policy, maxPending, maxDevices } = config;
    const directory = join(dataDir, 'pki');
    const file = given === undefined ? join(directory, 'device-ca.crt') : resolvePath(given);
    const make = async (): Promise<void> => {
      // Only when it is missing: an anchor that an operator put there has no key beside it.
      if (given === undefined && !(await isThere(file))) await ensureDeviceCa(directory, clock.now());
    };
    return new DeviceRegistry({
      ...uses,
      clock,
      log,
      policy,
      limits: { maxPending, maxDevices },
      deviceCa: { file, make },
    });
  },
});

async function isThere(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}
