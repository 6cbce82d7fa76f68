import { StateFault } from '../../../core/ports/index.js';
import { meaningOf } from '../../shared/redis/index.js';

/** Says what an error of Redis, or of the way to it, means for who asked. */
export function stateFault(error: unknown, where: string): StateFault {
  if (error instanceof StateFault) return error;
  const { reason, message } = meaningOf(error, where, {
    full: 'nothing of this change was written',
    lost: 'what was asked may have happened',
  });
  return new StateFault(reason === 'away' ? 'storage' : reason, message, { cause: error });
}
