import { isDeepStrictEqual } from 'node:util';
import pLimit from 'p-limit';
import {
  type Change,
  type EventBus,
  put,
  remove,
  type StateProvider,
  type StatusReport,
} from '../../core/ports/index.js';
import { ApplicationStatusChanged, type Wanted } from './index.js';
import { type ApplicationRecord, adoptions, applications, componentsOf, desiredOf, idOf, nameOf } from './records.js';
import { uniform } from './report.js';

/** What is wanted and how it is, in memory and on disk alike. */
export class Ledger {
  readonly #records = new Map<string, ApplicationRecord>();
  /** One write at a time: an adoption and a report of the desire before it must not overtake each other. */
  readonly #exclusively = pLimit(1);
  #adopted = false;

  constructor(
    private readonly state: StateProvider,
    private readonly events: EventBus,
  ) {}

  /** Whether a desired state was ever adopted: only then is what nobody knows unwanted. */
  get adopted(): boolean {
    return this.#adopted;
  }

  async load(): Promise<void> {
    this.#adopted = (await this.state.get(adoptions, 'adopted')) !== undefined;
    let after: string | undefined;
    do {
      const page = await this.state.list(applications, { limit: 1000, ...(after !== undefined && { after }) });
      for (const { value } of page.items) this.#records.set(value.id, value);
      after = page.next;
    } while (after !== undefined);
  }

  get(id: string): ApplicationRecord | undefined {
    return this.#records.get(id);
  }

  all(): readonly ApplicationRecord[] {
    return [...this.#records.values()];
  }

  /** @returns the ids of the applications of which something else is wanted now */
  async adopt(wanted: readonly Wanted[], alongside: readonly Change[]): Promise<readonly string[]> {
    const changed = await this.#exclusively(async () => {
      const records = this.#differences(new Map(wanted.map((one) => [idOf(one), one])));
      await this.state.commit([
        ...records.map((record) => put(applications, record.id, record)),
        ...(this.#adopted ? [] : [put(adoptions, 'adopted', { adopted: true })]),
        ...alongside,
      ]);
      this.#adopted = true;
      for (const record of records) this.#records.set(record.id, record);
      return records.map(({ id }) => id);
    });
    for (const id of changed) await this.events.publish(ApplicationStatusChanged, { id });
    return changed;
  }

  /** Keeps and announces a report if it differs from the last one. One for an earlier desire is dropped. */
  async report(id: string, wanted: Wanted | undefined, change: (last: StatusReport) => StatusReport): Promise<void> {
    const changed = await this.#exclusively(async () => {
      const record = this.#records.get(id);
      if (!record || record.wanted !== wanted) return false;
      const next = { ...record, report: change(record.report) };
      if (isDeepStrictEqual(record.report, next.report)) return false;
      await this.state.commit([put(applications, id, next)]);
      this.#records.set(id, next);
      return true;
    });
    if (changed) await this.events.publish(ApplicationStatusChanged, { id });
  }

  /** @returns whether it was forgotten: what is wanted again meanwhile is not */
  forget(id: string): Promise<boolean> {
    return this.#exclusively(async () => {
      const record = this.#records.get(id);
      if (!record || record.wanted) return false;
      await this.state.commit([remove(applications, id)]);
      return this.#records.delete(id);
    });
  }

  #differences(next: ReadonlyMap<string, Wanted>): ApplicationRecord[] {
    const changed: ApplicationRecord[] = [];
    for (const [id, wanted] of next) {
      const before = this.#records.get(id);
      if (isDeepStrictEqual(before?.wanted, wanted)) continue;
      const kept = wanted.refused === undefined ? undefined : desiredOf(before);
      const report = uniform(id, 'pending', componentsOf(wanted));
      changed.push({ id, name: nameOf(wanted), wanted, ...(kept && { kept }), report });
    }
    for (const { id, name, wanted, report } of this.#records.values()) {
      if (next.has(id) || !wanted) continue;
      const components = report.components.map((component) => component.name);
      changed.push({ id, name, report: uniform(id, 'removing', components) });
    }
    return changed;
  }
}
