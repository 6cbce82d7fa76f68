import { inspect, isDeepStrictEqual } from 'node:util';
import { within } from '../work/within.js';
import type { KitOptions } from './kit-options.js';
import type { KitSubject } from './kit-subject.js';
import { Recorder } from './recorded.js';

/**
 * A promise of the port that the provider under test broke.
 *
 * @stable since 0.1.0
 */
export class KitFailure extends Error {
  override readonly name = 'KitFailure';
  constructor(
    readonly what: string,
    readonly expected: string,
    readonly found: string,
    options?: ErrorOptions,
  ) {
    super(`${what}: expected ${expected}, found ${found}`, options);
  }
}

/**
 * The provider under test does not make this promise.
 *
 * @stable since 0.1.0
 */
export class KitSkip extends Error {
  override readonly name = 'KitSkip';
}

/**
 * One run of one case: the subject, what was done to it so far, and the means to judge it.
 *
 * @stable since 0.1.0
 */
export class Trial<P> {
  readonly seed: number;
  readonly kills: number;
  readonly histories: number;
  readonly patience: number;
  readonly #recorder = new Recorder();
  #instance: P;
  #measurement: string | undefined;

  constructor(
    readonly subject: KitSubject<P>,
    options: KitOptions = {},
  ) {
    this.#instance = this.#recorder.observed(subject.instance);
    this.patience = options.patience ?? defaultPatience;
    this.kills = options.kills ?? 10;
    this.histories = options.histories ?? 100;
    this.seed = options.seed ?? newSeed();
  }

  /** The provider under test; another one after {@link reopen}. */
  get instance(): P {
    return this.#instance;
  }

  /** The newest calls so far, for a person who wants to repeat them. */
  get history(): readonly string[] {
    return this.#recorder.calls;
  }

  /** Calls that have not ended. */
  get underWay(): readonly string[] {
    return this.#recorder.underWay;
  }

  /** Grows with everything that is done; see {@link KitOptions.stall}. */
  get movement(): number {
    return this.#recorder.movement;
  }

  /** What a case of performance has measured. */
  get measurement(): string | undefined {
    return this.#measurement;
  }

  /** Says what was measured, for the report. */
  measured(text: string): void {
    this.#measurement = text;
  }

  /** Writes a line into {@link history}. */
  note(line: string): void {
    this.#recorder.note(line);
  }

  /** Writes the calls of another object into {@link history} too. */
  observed<T>(instance: T): T {
    return this.#recorder.observed(instance);
  }

  async close(): Promise<void> {
    if (!this.subject.close) throw new KitSkip('the subject cannot be closed and reopened');
    this.note('-- closed');
    await this.subject.close();
  }

  async reopen(): Promise<void> {
    if (!this.subject.reopen) throw new KitSkip('the subject cannot be reopened');
    this.#instance = this.#recorder.observed(await this.subject.reopen());
    this.note('-- reopened');
  }

  equal(what: string, found: unknown, expected: unknown): void {
    if (!isDeepStrictEqual(found, expected)) throw new KitFailure(what, withoutStack(show(expected)), show(found));
  }

  holds(what: string, condition: boolean, expected: string, found: unknown): void {
    if (!condition) throw new KitFailure(what, expected, show(found));
  }

  /**
   * @param work what shall reject; as a function where a throw in place of the rejection is to be told as one
   * @returns the error that `work` ends with
   */
  async rejects(what: string, work: Promise<unknown> | (() => Promise<unknown>)): Promise<Error> {
    const promise = typeof work === 'function' ? begun(what, work) : work;
    let result: unknown;
    try {
      result = await this.within(what, promise);
    } catch (error) {
      if (error instanceof KitFailure || error instanceof KitSkip) throw error;
      if (error instanceof Error) return error;
      throw new KitFailure(what, 'a rejection with an Error', `one with ${show(error)}`);
    }
    throw new KitFailure(what, 'a rejection', show(result));
  }

  /** Waits for what must happen, letting the provider's time pass meanwhile. */
  async within<T>(what: string, work: Promise<T>): Promise<T> {
    let waiting = true;
    // Made here, so that its stack leads to the case.
    const late = new KitFailure(what, 'it to happen', `nothing within ${this.patience} ms`);
    const happens = (): Promise<T> => Promise.race([work, this.#passTime(() => waiting)]);
    try {
      return await within(this.patience, happens, () => late);
    } finally {
      waiting = false;
    }
  }

  async #passTime(waiting: () => boolean): Promise<never> {
    const { advance } = this.subject;
    while (advance && waiting()) await advance.call(this.subject, 1_000);
    return new Promise<never>(() => undefined);
  }
}

function begun<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return work();
  } catch (error) {
    throw new KitFailure(what, 'a promise that rejects', `that the call itself threw ${show(error)}`, { cause: error });
  }
}

/** Milliseconds: a busy machine is slow, not wrong. */
export const defaultPatience = 10_000;

/** For random choices that nobody has made before. */
export const newSeed = (): number => Math.floor(Math.random() * 2 ** 31);

export function show(value: unknown): string {
  return inspect(value, { depth: 6, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 200, maxArrayLength: 20 });
}

/** Of an error that a kit expects, where the kit made it says nothing about the plugin. */
function withoutStack(shown: string): string {
  return shown.replaceAll(/\n\s+at .*?(?=(?: \{)?$)/gm, '');
}
