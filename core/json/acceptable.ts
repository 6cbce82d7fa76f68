/** Far more than any document of ours nests, and far less than what a recursive walk's stack can take. */
const mostLevels = 100;

/** Text that has no form in UTF-8: it could be stored, and never be sent again as it is. */
const halfCharacter = /\p{Surrogate}/u;
const halfText = 'has a text with half a character (a lone surrogate)';

/**
 * Why a value that was parsed from JSON cannot be worked with: it nests so deeply that whatever walks it recursively
 * (validating, comparing, writing) could overflow the stack, it has a number that JSON cannot write again (`1e999`), a
 * text that UTF-8 cannot, or the key `__proto__`, which some code would take for more than a key and other code would drop. Itself not recursive.
 *
 * @returns `undefined` when it can
 */
export function jsonObstacle(value: unknown): string | undefined {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > mostLevels) return `nests more than ${mostLevels} levels deep`;
    const below: unknown[] = [];
    for (const one of level) {
      if (typeof one === 'number' && !Number.isFinite(one)) return 'has a number that is too large';
      if (typeof one === 'string' && halfCharacter.test(one)) return halfText;
      if (one === null || typeof one !== 'object') continue;
      if (Object.hasOwn(one, '__proto__')) return 'has the key __proto__';
      for (const [key, member] of Object.entries(one)) {
        if (halfCharacter.test(key)) return halfText;
        if (typeof member === 'object' || typeof member === 'number' || typeof member === 'string') below.push(member);
      }
    }
    level = below;
  }
  return undefined;
}
