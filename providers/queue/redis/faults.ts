import { QueueFault } from '../../../core/ports/index.js';
import { answerCode, RedisAway, RedisNewer, RedisUnfit, Unconfirmed, wordsOf } from '../../shared/redis/index.js';

/** Says what an error of Redis, or of the way to it, means for who uses the queue. */
export function queueFault(error: unknown, where: string): QueueFault {
  if (error instanceof QueueFault) return error;
  const options = { cause: error };
  if (error instanceof RedisNewer) return new QueueFault('newer', error.message, options);
  if (error instanceof RedisAway || error instanceof RedisUnfit || error instanceof Unconfirmed)
    return new QueueFault('away', error.message, options);
  const words = wordsOf(error);
  const code = answerCode(error);
  if (code === 'OOM')
    return new QueueFault('full', `${where} has no memory left (maxmemory); nothing was enqueued`, options);
  if (code === 'MISCONF' && /no space left/i.test(words))
    return new QueueFault('full', `${where} has no space left on its disk; nothing was enqueued`, options);
  if (code === 'WRONGTYPE') {
    const message = `${where} holds keys of another program below this prefix; choose another`;
    return new QueueFault('foreign', message, options);
  }
  if (code !== '') return new QueueFault('away', `${where} refuses: ${words}`, options);
  return new QueueFault('away', `${where} was lost before it answered; what was asked may have happened`, options);
}
