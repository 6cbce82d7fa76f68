import { isIPv4 } from 'node:net';
import type { Evidence } from './access.js';

/**
 * Whether a host, written as an address or a name, is this machine by itself; any other name may lead anywhere.
 * @experimental
 */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/**
 * Whether a caller sits on this machine, and not behind a proxy that does.
 * @experimental
 */
export function isLocal({ peer, headers }: Pick<Evidence, 'peer' | 'headers'>): boolean {
  if (headers['forwarded'] !== undefined || headers['x-forwarded-for'] !== undefined) return false;
  return peer !== undefined && /^(?:(?:::ffff:)?127\.\d+\.\d+\.\d+|::1)$/i.test(peer);
}
