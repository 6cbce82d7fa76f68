import { EventFault } from '../../../core/ports/index.js';
import { answerCode, RedisAway, RedisNewer, RedisUnfit, Unconfirmed, wordsOf } from '../../shared/redis/index.js';

/** Says what an error of Redis, or of the way to it, means for who publishes. */
export function eventFault(error: unknown, where: string): EventFault {
  if (error instanceof EventFault) return error;
  const options = { cause: error };
  if (error instanceof RedisNewer) return new EventFault('newer', error.message, options);
  if (error instanceof RedisAway || error instanceof RedisUnfit || error instanceof Unconfirmed)
    return new EventFault('away', error.message, options);
  const words = wordsOf(error);
  const code = answerCode(error);
  if (code === 'OOM')
    return new EventFault('full', `${where} has no memory left (maxmemory); nobody was told of the event`, options);
  if (code === 'MISCONF' && /no space left/i.test(words))
    return new EventFault('full', `${where} has no space left on its disk; nobody was told of the event`, options);
  if (code === 'WRONGTYPE') {
    const message = `${where} holds keys of another program below this prefix; choose another`;
    return new EventFault('foreign', message, options);
  }
  if (code !== '') return new EventFault('away', `${where} refuses: ${words}`, options);
  return new EventFault('away', `${where} was lost before it answered; the event may have been told`, options);
}
