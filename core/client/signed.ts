import { type SigningKey, signRequest } from '../identity/index.js';
import type { Clock } from '../plugin/clock.js';
import type { Credentials } from '../ports/transport.js';

/** Signs each call with a key (RFC 9421), on every transport over the call's HTTP form. */
export function signedBy(key: () => SigningKey, clock: Pick<Clock, 'now'>): Credentials {
  return (call) => {
    const { method, url, headers, body } = call();
    return signRequest({ method, url, headers, body }, key(), { created: Math.floor(clock.now() / 1000) });
  };
}
