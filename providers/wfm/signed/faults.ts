import { Problem } from '../../../core/operation/index.js';
import { FleetManagerFault, TransportFault } from '../../../core/ports/index.js';

/**
 * What went wrong, by what a device can do about it. An answer that makes no sense is as good as none: nobody knows how
 * the call ended, and it is made again.
 *
 * @param what was asked, and whom, for a person
 * @returns what is neither a problem nor a fault of the transport, as it is
 */
export function fleetManagerFault(error: unknown, what: string): unknown {
  if (error instanceof TransportFault) {
    return new FleetManagerFault('unreachable', error.message, undefined, { cause: error });
  }
  if (!(error instanceof Problem)) return error;
  const { kind, detail, retryAfterSeconds } = error;
  return new FleetManagerFault(
    reasonOf(kind.status),
    `${what} was answered ${kind.status}: ${detail}`,
    retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1000,
    { cause: error },
  );
}

function reasonOf(status: number): FleetManagerFault['reason'] {
  if (status === 401 || status === 403) return 'refused';
  if (status === 404) return 'not-found';
  if (status === 429 || status === 503) return 'busy';
  return status >= 500 ? 'unreachable' : 'invalid';
}
