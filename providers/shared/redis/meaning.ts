import { Unconfirmed } from './confirmation.js';
import { RedisAway } from './connection.js';
import { answerCode, wordsOf } from './faults.js';
import { RedisNewer, RedisUnfit } from './keeping.js';

/** What an error means for who asked; a port's fault says it in its own class. */
export interface Meaning {
  readonly reason: 'newer' | 'foreign' | 'full' | 'away';
  readonly message: string;
}

/** What became of what was asked, in words of the port. */
export interface Outcome {
  /** When there was no space for it. */
  readonly full?: string;
  /** When no answer came. */
  readonly lost?: string;
}

/** Says what an error of Redis, or of the way to it, means. */
export function meaningOf(error: unknown, where: string, outcome: Outcome = {}): Meaning {
  if (error instanceof RedisNewer) return { reason: 'newer', message: error.message };
  if (error instanceof RedisAway || error instanceof RedisUnfit || error instanceof Unconfirmed)
    return { reason: 'away', message: error.message };
  const and = (text: string | undefined): string => (text === undefined ? '' : `; ${text}`);
  const words = wordsOf(error);
  const code = answerCode(error);
  if (code === 'OOM') return { reason: 'full', message: `${where} has no memory left (maxmemory)${and(outcome.full)}` };
  if (code === 'MISCONF' && /no space left/i.test(words))
    return { reason: 'full', message: `${where} has no space left on its disk${and(outcome.full)}` };
  if (code === 'WRONGTYPE')
    return { reason: 'foreign', message: `${where} holds keys of another program below this prefix; choose another` };
  if (code !== '') return { reason: 'away', message: `${where} refuses: ${words}` };
  return { reason: 'away', message: `${where} was lost before it answered${and(outcome.lost)}` };
}
