import { EventFault } from '../../../core/ports/index.js';
import { meaningOf } from '../../shared/redis/index.js';

/** Says what an error of Redis, or of the way to it, means for who publishes. */
export function eventFault(error: unknown, where: string): EventFault {
  if (error instanceof EventFault) return error;
  const { reason, message } = meaningOf(error, where, {
    full: 'nobody was told of the event',
    lost: 'the event may have been told',
  });
  return new EventFault(reason, message, { cause: error });
}
