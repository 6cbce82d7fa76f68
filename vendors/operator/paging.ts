import { createHash } from 'node:crypto';
import { Problem, problems } from '../../core/plugin/index.js';

// What `metadata.continue` holds: the last key of a page, and a check over it. A key alone would make every text a place
// in the list, and a wrong one would lose items quietly.

/** @param list what is listed, so that a token of one list is none of another */
export function continueToken(list: string, key: string): string {
  const check = createHash('sha256').update(`${list}\n${key}`).digest('base64url').slice(0, 8);
  return `${Buffer.from(key).toString('base64url')}.${check}`;
}

/**
 * The key to go on after.
 * @throws Problem 422 for a token that was not handed out for this list
 */
export function continueKey(list: string, token: string): string {
  const key = Buffer.from(token.split('.')[0] ?? '', 'base64url').toString('utf8');
  if (key === '' || continueToken(list, key) !== token) {
    const message = `is no token that a page of ${list} ended with; begin again without it`;
    throw new Problem(problems.semanticError, `continue ${message}`, { errors: [{ field: 'continue', message }] });
  }
  return key;
}
