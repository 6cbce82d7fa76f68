import { LockFault } from '../../../core/ports/index.js';
import { meaningOf } from '../../shared/redis/index.js';

/** Says what an error of Redis, or of the way to it, means for who wants a lock. */
export function lockFault(error: unknown, where: string): LockFault {
  if (error instanceof LockFault) return error;
  const { reason, message } = meaningOf(error, where);
  return new LockFault(reason, message, { cause: error });
}
