import { collection, type StateProvider } from '../../ports/index.js';
import type { StateTrial } from './fixtures.js';

/** Half of a pair: the writer always puts and deletes both halves in one commit. */
export interface Half {
  readonly pair: number;
  readonly padding: string;
}
export const halves = collection<Half>('kit-crash', { byPair: ({ pair }) => [String(pair)] });

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
      const found = await bothHalves(trial.instance, number);
      present += found.length;
      const where = `pair ${number}`;
      trial.holds(`${where} of one commit`, found.length !== 1, 'both halves or none', found);
      if (pair.deleted) trial.equal(`${where}, whose delete was acknowledged`, found, []);
      if (pair.put !== undefined && !pair.deleting) {
        trial.equal(`${where}, whose put was acknowledged`, found, [pair.put, pair.put]);
      }
      trial.equal(`${where}: its revisions`, found[0], found[1]);
      const index = { name: 'byPair', equals: String(number) };
      trial.equal(`${where} by index`, await trial.instance.count(halves, { index }), found.length);
    }
    trial.equal('how many values there are', await trial.instance.count(halves), present);
  }
}

/** The revisions of the halves that are there. */
async function bothHalves(store: StateProvider, pair: number): Promise<number[]> {
  const found = await Promise.all([store.get(halves, `left-${pair}`), store.get(halves, `right-${pair}`)]);
  return found.flatMap((half) => (half ? [half.revision] : []));
}
