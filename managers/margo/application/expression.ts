import { runInNewContext } from 'node:vm';

/** A package's `regexMatch`; many in the wild escape more than the unicode mode allows, so the older mode is tried too. */
export function expression(text: string): RegExp | Error {
  const compiled = compile(text, 'u');
  return compiled instanceof RegExp ? compiled : compile(text, '');
}

/**
 * Whether the expression matches anywhere in the text. Both come from strangers, so an expression that would run for years
 * is stopped.
 *
 * @returns `undefined` when it took longer than `milliseconds`
 */
export function matches(pattern: RegExp, text: string, milliseconds = 200): boolean | undefined {
  try {
    const found: unknown = runInNewContext(
      'new RegExp(source, flags).test(text)',
      { source: pattern.source, flags: pattern.flags, text },
      { timeout: milliseconds },
    );
    return found === true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
    throw error;
  }
}

function compile(text: string, flags: string): RegExp | Error {
  try {
    return new RegExp(text, flags);
  } catch (error) {
    return error as Error;
  }
}
