import type { Credentials } from '../ports/transport.js';

/**
 * No credentials: for operations that are open to anyone, and for transports that show a client certificate.
 * @experimental
 */
export const nobody: Credentials = () => ({});

/**
 * An API token (RFC 6750).
 * @experimental
 */
export function bearer(token: string): Credentials {
  return () => ({ authorization: `Bearer ${token}` });
}
