import { Problem, problems } from '../../core/operation/index.js';
import type { DeviceCapabilities } from '../margo/index.js';
import type { DeviceRecord } from './index.js';

type Reported = DeviceRecord['capabilities'];

/** A child device is named below its gateway: `gw/a`. */
export function parentOf(deviceId: string): string | undefined {
  const slash = deviceId.lastIndexOf('/');
  return slash < 0 ? undefined : deviceId.slice(0, slash);
}

/**
 * Lays a report over what was reported before; the client's own device stays first.
 * @throws Problem 404 when the device is below one that is unknown
 */
export function withReport(reported: Reported, capabilities: DeviceCapabilities): Reported {
  const parent = parentOf(capabilities.id);
  if (parent !== undefined && !Object.hasOwn(reported, parent)) {
    throw new Problem(
      problems.notFound,
      `${capabilities.id} is below ${parent}, whose own capabilities must be reported first`,
    );
  }
  const all = Object.entries({ ...reported, [capabilities.id]: capabilities });
  const own = all.filter(([id]) => parentOf(id) === undefined);
  const children = all.filter(([id]) => parentOf(id) !== undefined);
  return Object.fromEntries([...own, ...children]);
}

/**
 * Without a device and everything below it.
 * @throws Problem 404 when it was not reported
 */
export function withoutReport(reported: Reported, deviceId: string): Reported {
  if (!Object.hasOwn(reported, deviceId))
    throw new Problem(problems.notFound, `no capabilities of ${deviceId} were reported`);
  return Object.fromEntries(
    Object.entries(reported).filter(([id]) => id !== deviceId && !id.startsWith(`${deviceId}/`)),
  );
}
