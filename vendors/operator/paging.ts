import { Problem, problems } from '../../core/plugin/index.js';

// What `metadata.continue` holds: the last key of a page, in a form that nobody takes for an id and that a slip of the
// pen does not survive. A key alone would make every text a place in the list, and a wrong one would lose items quietly.

const mark = 'v1';

/** @param list what is listed, so that a token of one list is none of another */
export function continueToken(list: string, key: string): string {
  return Buffer.from(`${mark}\n${list}\n${key}`).toString('base64url');
}

/**
 * The key to go on after.
 * @throws Problem 422 for a token that was not handed out for this list
 */
export function continueKey(list: string, token: string): string {
  const text = Buffer.from(token, 'base64url').toString('utf8');
  const prefix = `${mark}\n${list}\n`;
  const key = text.slice(prefix.length);
  if (!text.startsWith(prefix) || key === '' || continueToken(list, key) !== token) {
    const message = `is no token that a page of ${list} ended with; begin again without it`;
    throw new Problem(problems.semanticError, `continue ${message}`, { errors: [{ field: 'continue', message }] });
  }
  return key;
}
