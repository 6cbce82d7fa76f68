import type { Evidence } from './access.js';

/** Whether a caller sits on this machine, and not behind a proxy that does. */
export function isLocal({ peer, headers }: Pick<Evidence, 'peer' | 'headers'>): boolean {
  if (headers['forwarded'] !== undefined || headers['x-forwarded-for'] !== undefined) return false;
  return peer !== undefined && /^(?:(?:::ffff:)?127\.\d+\.\d+\.\d+|::1)$/i.test(peer);
}
