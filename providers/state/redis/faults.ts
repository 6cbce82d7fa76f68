import { StateFault } from '../../../core/ports/index.js';
import { answerCode, RedisAway, RedisNewer, RedisUnfit, Unconfirmed, wordsOf } from '../../shared/redis/index.js';

/** Says what an error of Redis, or of the way to it, means for who asked. */
export function stateFault(error: unknown, where: string): StateFault {
  if (error instanceof StateFault) return error;
  const options = { cause: error };
  if (error instanceof RedisNewer) return new StateFault('newer', error.message, options);
  if (error instanceof RedisAway || error instanceof RedisUnfit || error instanceof Unconfirmed)
    return new StateFault('storage', error.message, options);
  const words = wordsOf(error);
  const code = answerCode(error);
  if (code === 'OOM') {
    const message = `${where} has no memory left (maxmemory); nothing of this change was written`;
    return new StateFault('full', message, options);
  }
  if (code === 'MISCONF' && /no space left/i.test(words)) {
    return new StateFault(
      'full',
      `${where} has no space left on its disk; nothing of this change was written`,
      options,
    );
  }
  if (code === 'WRONGTYPE') {
    return new StateFault(
      'foreign',
      `${where} holds keys of another program below this prefix; choose another`,
      options,
    );
  }
  if (code !== '') return new StateFault('storage', `${where} refuses: ${words}`, options);
  return new StateFault('storage', `${where} was lost before it answered; what was asked may have happened`, options);
}
