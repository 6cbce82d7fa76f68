import { signatureReplays } from '../../core/identity/index.js';
import { type Change, type Collection, defineProvider, StateProvider } from '../../core/plugin/index.js';
import { sightings } from '../../managers/device/record.js';
import { MemoryState } from '../../providers/state/memory/index.js';

/** What a call may leave behind without having changed anything: that it was made. */
const traces: readonly string[] = [signatureReplays.name, sightings.name];

/** A store in memory whose whole content a test can look at. */
export class ObservedState extends MemoryState {
  readonly #collections = new Map<string, Collection<unknown>>();

  override commit(changes: readonly Change[]): Promise<number> {
    for (const change of changes) this.#collections.set(change.in.name, change.in as unknown as Collection<unknown>);
    return super.commit(changes);
  }

  /** Everything that is stored, as text: equal when nothing has changed. */
  async dump(): Promise<string> {
    const lines: string[] = [];
    for (const [name, collection] of [...this.#collections].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (traces.includes(name)) continue;
      for (let after: string | undefined; ; ) {
        const page = await this.list(collection, { limit: 1000, ...(after !== undefined && { after }) });
        for (const { key, value } of page.items) {
          const shown = value instanceof Uint8Array ? Buffer.from(value).toString('base64') : JSON.stringify(value);
          lines.push(`${name}/${key} ${shown}`);
        }
        if (page.next === undefined) break;
        after = page.next;
      }
    }
    return lines.join('\n');
  }
}

export function observed(state: ObservedState) {
  return defineProvider({
    port: StateProvider,
    type: 'state.observed',
    version: '1.0.0',
    summary: 'State in memory that the test looks into',
    create: () => state,
  });
}
