import { TransportFault } from '../../../core/ports/index.js';
import { BrokerFault } from '../../../vendors/mqtt/wire/index.js';

/** What a fault of the broker means to a caller; anything else as it is. */
export function transportFault(error: unknown): unknown {
  if (!(error instanceof BrokerFault)) return error;
  return new TransportFault(error.kind === 'untrusted' ? 'untrusted' : 'unreachable', error.message, { cause: error });
}
