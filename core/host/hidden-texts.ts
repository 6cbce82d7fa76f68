const mark = '[secret]';
/** Characters by which a hidden text is looked up. */
const head = 4;
/** Of what four characters come to, each shifted by seven: what a longer text had before them is shifted out. */
const mask = 2 ** (head * 7) - 1;

/**
 * Texts that must not be told. Whether one is in a text takes about the same time however many there are: only what
 * begins like one is held against those that begin so (the search of Rabin and Karp). An automaton, or one regular
 * expression of all, would have to be built anew for each text that comes or goes.
 */
export class HiddenTexts {
  /** How often each was added. */
  readonly #uses = new Map<string, number>();
  /** By what they begin with, and by length, the longest first. */
  readonly #byHead = new Map<number, Map<number, Set<string>>>();

  /** How many there are. */
  get size(): number {
    return this.#uses.size;
  }

  /** @param text of at least four characters */
  add(text: string): void {
    const uses = this.#uses.get(text) ?? 0;
    this.#uses.set(text, uses + 1);
    if (uses > 0) return;
    const key = keyOf(text);
    const alike = this.#byHead.get(key) ?? new Map<number, Set<string>>();
    const same = alike.get(text.length);
    if (same) same.add(text);
    else this.#byHead.set(key, new Map([...alike, [text.length, new Set([text])] as const].sort(([a], [b]) => b - a)));
  }

  /** Takes one `add` back. */
  delete(text: string): void {
    const uses = this.#uses.get(text) ?? 0;
    if (uses > 1) this.#uses.set(text, uses - 1);
    if (uses !== 1) return;
    this.#uses.delete(text);
    const key = keyOf(text);
    const alike = this.#byHead.get(key);
    const same = alike?.get(text.length);
    same?.delete(text);
    if (same?.size === 0) alike?.delete(text.length);
    if (alike?.size === 0) this.#byHead.delete(key);
  }

  /** `text` with a mark in place of every hidden one; where several overlap, in place of all that they cover. */
  conceal(text: string): string {
    if (this.#uses.size === 0) return text;
    let told = '';
    let at = 0;
    for (const { from, to } of this.#found(text)) {
      told += text.slice(at, from) + mark;
      at = to;
    }
    return told + text.slice(at);
  }

  *#found(text: string): Iterable<{ readonly from: number; readonly to: number }> {
    let from = 0;
    let to = 0;
    let key = 0;
    for (let last = 0; last < text.length; last++) {
      key = next(key, text.charCodeAt(last));
      const begin = last - head + 1;
      const end = begin < 0 ? undefined : this.#endOf(text, begin, key);
      if (end === undefined) continue;
      if (begin >= to && to > 0) yield { from, to };
      if (begin >= to) from = begin;
      to = Math.max(to, end);
    }
    if (to > 0) yield { from, to };
  }

  /** Where the longest hidden text ends that begins at `begin`. */
  #endOf(text: string, begin: number, key: number): number | undefined {
    for (const [length, texts] of this.#byHead.get(key) ?? none) {
      if (texts.has(text.slice(begin, begin + length))) return begin + length;
    }
    return undefined;
  }
}

const none: ReadonlyMap<number, ReadonlySet<string>> = new Map();

const next = (key: number, character: number): number => ((key << 7) ^ character) & mask;

function keyOf(text: string): number {
  let key = 0;
  for (let at = 0; at < head; at++) key = next(key, text.charCodeAt(at));
  return key;
}
