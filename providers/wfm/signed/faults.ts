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

/** What a server answers that does not know an operation: each in its own way, a page for everything included. */
const unknownThere: ReadonlySet<number> = new Set([404, 405, 406, 501]);

/**
 * For an operation that the standard does not have.
 *
 * @throws FleetManagerFault `unsupported` where the other side does not know it, else what was given
 */
export function refuseUnsupported(error: unknown): never {
  const answered = error instanceof Problem && unknownThere.has(error.kind.status);
  if (answered || (error instanceof TransportFault && error.reason === 'invalid')) {
    throw new FleetManagerFault('unsupported', error.message, undefined, { cause: error });
  }
  throw error;
}

function reasonOf(status: number): FleetManagerFault['reason'] {
  if (status === 401 || status === 403) return 'refused';
  if (status === 404) return 'not-found';
  if (status === 429 || status === 503) return 'busy';
  return status >= 500 ? 'unreachable' : 'invalid';
}
