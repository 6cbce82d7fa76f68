import { QueueFault } from '../../../core/ports/index.js';
import { meaningOf } from '../../shared/redis/index.js';

/** Says what an error of Redis, or of the way to it, means for who uses the queue. */
export function queueFault(error: unknown, where: string): QueueFault {
  if (error instanceof QueueFault) return error;
  const { reason, message } = meaningOf(error, where, {
    full: 'nothing was enqueued',
    lost: 'what was asked may have happened',
  });
  return new QueueFault(reason, message, { cause: error });
}
