import { type Collection, StateConflict, StateFault } from '../../../core/ports/index.js';
import {
  type CommittedChange,
  checkExpectation,
  decodeValue,
  fromStored,
  type IndexEntry,
  indexEntries,
  type PreparedChange,
  toStored,
} from '../../../core/state/index.js';
import { type Database, transact } from './database.js';
import { stateFault } from './faults.js';
import type { RecordHead, Statements } from './statements.js';

/** What became of one commit of a batch. */
export type Outcome = { readonly revision: number; readonly done: readonly CommittedChange[] } | Error;

/** Everything that writes. Synchronous: while it runs, nobody reads. */
export class Writer {
  constructor(
    private readonly database: Database,
    private readonly statements: Statements,
    private readonly file: string,
  ) {}

  /**
   * Makes many commits durable at the price of one: in order, each seeing the ones before it. A commit whose
   * expectation does not hold, or that the database refuses, leaves the others alone.
   *
   * @returns an outcome for each commit, once all that succeeded are durable
   */
  commitAll(batch: readonly (readonly PreparedChange[])[]): readonly Outcome[] {
    try {
      return transact(this.database, () => this.#runAll(batch));
    } catch (error) {
      const fault = stateFault(error, this.file);
      const [only, ...others] = batch;
      // A broken file is everybody's trouble. A commit that is refused or too large is the trouble of its caller alone.
      const shared = fault instanceof StateFault && fault.reason !== 'full';
      if (only === undefined || others.length === 0 || shared) return batch.map(() => fault);
      return batch.flatMap((commit) => this.commitAll([commit]));
    }
  }

  /** Indexes a collection anew when its values were written with other indexes. */
  reindex<T>(collection: Collection<T>, print: string): boolean {
    const written = this.statements.printOf(collection.name)?.print;
    if (written === print) return false;
    transact(this.database, () => {
      this.statements.dropEntriesIn(collection.name);
      // Collected first: a statement must not be read while another one writes what it reads.
      for (const { id, key: storedKey, value } of [...this.statements.everyIn(collection.name)]) {
        const key = fromStored(storedKey);
        this.#addEntries(collection, key, id, indexEntries(collection, key, decodeValue(collection, key, value)));
      }
      this.statements.setPrint(collection.name, print);
    });
    return written !== undefined;
  }

  #runAll(batch: readonly (readonly PreparedChange[])[]): Outcome[] {
    const before = this.statements.lastRevision()?.last ?? 0;
    let revision = before;
    const outcomes = batch.map((changes): Outcome => {
      const heads = changes.map((change) => this.statements.head(change.in.name, toStored(change.key)));
      try {
        for (const [at, change] of changes.entries()) checkExpectation(change, heads[at]?.revision);
      } catch (error) {
        if (error instanceof StateConflict) return error;
        throw error;
      }
      if (changes.length > 0) revision++;
      const done = changes.filter((change, at) => this.#apply(change, heads[at], revision));
      return { revision, done: done.map((change) => ({ change, revision })) };
    });
    if (revision > before) this.statements.setLastRevision(revision);
    return outcomes;
  }

  /** @returns whether there was anything to do */
  #apply(change: PreparedChange, head: RecordHead | undefined, revision: number): boolean {
    const { name } = change.in;
    if (change.kind === 'delete') {
      if (!head) return false;
      this.statements.dropEntriesOf(head.id);
      this.statements.delete(head.id);
    } else if (head) {
      this.statements.update(revision, change.encoded, head.id);
      this.#updateEntries(change.in, change.key, head.id, change.entries);
    } else {
      const id = this.statements.insert(name, toStored(change.key), revision, change.encoded);
      this.#addEntries(change.in, change.key, id, change.entries);
    }
    return true;
  }

  #addEntries(into: Collection<never>, key: string, id: number, entries: readonly IndexEntry[]): void {
    for (const { index, equals } of entries) {
      this.statements.addEntry(into.name, index, toStored(equals), toStored(key), id);
    }
  }

  /** Most updates leave most entries as they were; only the difference is written. */
  #updateEntries(of: Collection<never>, key: string, id: number, wanted: readonly IndexEntry[]): void {
    if (Object.keys(of.indexes).length === 0) return;
    const present = [...this.statements.entriesOf(id)].map(({ index, equals }) => ({
      index,
      equals: fromStored(equals),
    }));
    const missingFrom = (entries: readonly IndexEntry[]) => (entry: IndexEntry) =>
      !entries.some(({ index, equals }) => index === entry.index && equals === entry.equals);
    for (const { index, equals } of present.filter(missingFrom(wanted))) {
      this.statements.dropEntry(of.name, index, toStored(equals), toStored(key));
    }
    this.#addEntries(of, key, id, wanted.filter(missingFrom(present)));
  }
}
