import { isDeepStrictEqual } from 'node:util';
import type { Stored } from '../../ports/index.js';
import type { StateTrial } from './fixtures.js';
import { byteHalves, type Half, halves, sidesOf, storedOf } from './halves.js';

/** What the writer reports, one line each: before a commit, and after it was acknowledged. */
export type Report =
  | { readonly at: 'begin'; readonly act: 'put' | 'delete'; readonly pair: number }
  | { readonly at: 'done'; readonly act: 'put' | 'delete'; readonly pair: number; readonly revision: number };

interface Pair {
  /** The revision of the acknowledged put. */
  put?: number;
  deleting: boolean;
  deleted: boolean;
}

/** What must be true of the store, by all that its writers have reported. */
export class Ledger {
  readonly #pairs = new Map<number, Pair>();
  readonly #revisions = new Set<number>();

  /** The first number that no writer has used. */
  get nextPair(): number {
    return this.#pairs.size === 0 ? 0 : Math.max(...this.#pairs.keys()) + 1;
  }
  get highestRevision(): number {
    return Math.max(0, ...this.#revisions);
  }

  note(trial: StateTrial, report: Report): void {
    const pair = this.#pairs.get(report.pair) ?? { deleting: false, deleted: false };
    this.#pairs.set(report.pair, pair);
    if (report.at === 'begin') {
      pair.deleting ||= report.act === 'delete';
      return;
    }
    this.noteRevision(trial, report.revision);
    if (report.act === 'put') pair.put = report.revision;
    else pair.deleted = true;
  }

  noteRevision(trial: StateTrial, revision: number): void {
    trial.holds('a revision', !this.#revisions.has(revision), 'one that was never given out', revision);
    this.#revisions.add(revision);
  }

  async check(trial: StateTrial): Promise<void> {
    let present = 0;
    for (const [number, pair] of this.#pairs) {
      const found = await bothHalves(trial, number);
      present += found.length;
      const where = `pair ${number}`;
      const revisions = found.map(({ revision }) => revision);
      trial.holds(`${where} of one commit`, found.length !== 1, 'both halves or none', revisions);
      if (pair.deleted) trial.equal(`${where}, whose delete was acknowledged`, revisions, []);
      if (pair.put !== undefined && !pair.deleting) {
        trial.equal(`${where}, whose put was acknowledged`, revisions, [pair.put, pair.put]);
      }
      trial.equal(`${where}: its revisions`, revisions[0], revisions[1]);
      const documents = found.filter(({ value }) => !(value instanceof Uint8Array)).length;
      const index = { name: 'byPair', equals: String(number) };
      trial.equal(`${where} by index`, await trial.instance.count(halves, { index }), documents);
    }
    const counts = await Promise.all([trial.instance.count(halves), trial.instance.count(byteHalves)]);
    trial.equal('how many values there are', counts[0] + counts[1], present);
  }
}

/** The halves that are there, which are as they were written. */
async function bothHalves(trial: StateTrial, pair: number): Promise<Stored<Half | Uint8Array>[]> {
  const sides = sidesOf(pair);
  const found = await Promise.all(sides.map((side) => storedOf(trial.instance, side)));
  return found.flatMap((half, at) => {
    if (!half) return [];
    trial.holds(
      `${half.key}, which is there`,
      isDeepStrictEqual(half.value, sides[at]?.value),
      'its value',
      half.value,
    );
    return [half];
  });
}
