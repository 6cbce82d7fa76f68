import { HiddenTexts } from './hidden-texts.js';

/** How many values of one source are kept hidden: who has an older one than that has had time to ask again. */
const newest = 100;

/**
 * The values that a log keeps out. Of each source the newest are known: what a rotation has replaced long ago cannot turn
 * up any more, and a host that runs for years must not remember it.
 */
export class KnownSecrets {
  readonly #hidden = new HiddenTexts();
  /** By source; the newest last. */
  readonly #sources = new Map<string, Map<string, readonly string[]>>();

  /** How many values are known. */
  get size(): number {
    return this.#hidden.size;
  }

  /**
   * @param source whose values they are, such as an entry or a name at a provider of secrets
   * @param values that it has at the same time, each worth hiding
   */
  learn(source: string, values: readonly string[]): void {
    if (values.length === 0) return;
    const known = this.#sources.get(source) ?? new Map<string, readonly string[]>();
    this.#sources.set(source, known);
    const id = JSON.stringify(values);
    const isKnown = known.delete(id);
    known.set(id, values);
    if (isKnown) return;
    for (const value of values) this.#hidden.add(value);
    const [oldest] = known;
    if (oldest === undefined || known.size <= newest) return;
    known.delete(oldest[0]);
    for (const value of oldest[1]) this.#hidden.delete(value);
  }

  /** `text` without any of them. */
  conceal(text: string): string {
    return this.#hidden.conceal(text);
  }
}
