import { LockFault } from '../../../core/ports/index.js';
import { answerCode, RedisAway, RedisNewer, RedisUnfit, Unconfirmed, wordsOf } from '../../shared/redis/index.js';

/** Says what an error of Redis, or of the way to it, means for who wants a lock. */
export function lockFault(error: unknown, where: string): LockFault {
  if (error instanceof LockFault) return error;
  const options = { cause: error };
  if (error instanceof RedisNewer) return new LockFault('newer', error.message, options);
  if (error instanceof RedisAway || error instanceof RedisUnfit || error instanceof Unconfirmed)
    return new LockFault('away', error.message, options);
  const words = wordsOf(error);
  const code = answerCode(error);
  if (code === 'OOM') return new LockFault('full', `${where} has no memory left (maxmemory)`, options);
  if (code === 'MISCONF' && /no space left/i.test(words))
    return new LockFault('full', `${where} has no space left on its disk`, options);
  if (code === 'WRONGTYPE') {
    const message = `${where} holds keys of another program below this prefix; choose another`;
    return new LockFault('foreign', message, options);
  }
  if (code !== '') return new LockFault('away', `${where} refuses: ${words}`, options);
  return new LockFault('away', `${where} was lost before it answered`, options);
}
