import process from 'node:process';
import { type Context, createContext, Script } from 'node:vm';

const match = new Script('new RegExp(source, flags).test(text)');

/** A package's `regexMatch`; many in the wild escape more than the unicode mode allows, so the older mode is tried too. */
export function expression(text: string): RegExp | Error {
  const compiled = compile(text, 'u');
  return compiled instanceof RegExp ? compiled : compile(text, '');
}

export interface MatcherOptions {
  /** Milliseconds of work for all matches together. */
  readonly milliseconds?: number;
  /** Milliseconds that this process has worked so far; time in which a busy machine runs others is none of it. */
  readonly worked?: () => number;
}

/**
 * Matches texts against expressions that both come from strangers, within one span of time for all of them together: a
 * match holds up everything else, so what counts is not how long one takes but what a whole document can ask for.
 */
export class Matcher {
  #left: number;
  readonly #worked: () => number;
  #ranAway: string | undefined;
  /** One for all matches: making it costs far more than a match. */
  #context: Context | undefined;

  constructor({ milliseconds = 250, worked = processorTime }: MatcherOptions = {}) {
    this.#left = milliseconds;
    this.#worked = worked;
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
    while (this.#ranAway === undefined) {
      const began = this.#worked();
      const found = this.#attempt(pattern, text);
      this.#left -= this.#worked() - began;
      if (this.#left <= 0) this.#ranAway = pattern.source;
      // An attempt is ended by the clock on the wall. Where others had the processor meanwhile there is time left for another.
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #attempt({ source, flags }: RegExp, text: string): boolean | undefined {
    this.#context ??= createContext({});
    Object.assign(this.#context, { source, flags, text });
    try {
      return match.runInContext(this.#context, { timeout: Math.max(1, Math.ceil(this.#left)) }) === true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      return undefined;
    }
  }
}

function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function compile(text: string, flags: string): RegExp | Error {
  try {
    return new RegExp(text, flags);
  } catch (error) {
    return error as Error;
  }
}
