import { type Context, createContext, Script } from 'node:vm';

const match = new Script('new RegExp(source, flags).test(text)');

/** A package's `regexMatch`; many in the wild escape more than the unicode mode allows, so the older mode is tried too. */
export function expression(text: string): RegExp | Error {
  const compiled = compile(text, 'u');
  return compiled instanceof RegExp ? compiled : compile(text, '');
}

/**
 * Matches texts against expressions that both come from strangers, within one span of time for all of them together: a
 * match holds up everything else, so what counts is not how long one takes but what a whole document can ask for.
 */
export class Matcher {
  #left: number;
  #ranAway: string | undefined;
  /** One for all matches: making it costs far more than a match. */
  #context: Context | undefined;

  constructor(milliseconds = 250) {
    this.#left = milliseconds;
  }

  /** The expression during which the time ran out; no match is made after it. */
  get ranAway(): string | undefined {
    return this.#ranAway;
  }

  /**
   * Whether the expression matches anywhere in the text.
   *
   * @returns `undefined` when there was not enough time, or none left
   */
  matches(pattern: RegExp, text: string): boolean | undefined {
    if (this.#ranAway !== undefined) return undefined;
    this.#context ??= createContext({});
    const began = performance.now();
    try {
      Object.assign(this.#context, { source: pattern.source, flags: pattern.flags, text });
      const found: unknown = match.runInContext(this.#context, { timeout: Math.max(1, Math.ceil(this.#left)) });
      return found === true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      this.#left = 0;
      return undefined;
    } finally {
      this.#left -= performance.now() - began;
      if (this.#left <= 0) this.#ranAway = pattern.source;
    }
  }
}

function compile(text: string, flags: string): RegExp | Error {
  try {
    return new RegExp(text, flags);
  } catch (error) {
    return error as Error;
  }
}
