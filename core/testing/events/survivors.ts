import { eventType } from '../../ports/index.js';
import { KitFailure } from '../trial.js';
import { type EventTrial, Inbox } from './inbox.js';

/** What is published before a kill. */
export interface Survivor {
  /** Which of the killed processes published it. */
  readonly life: number;
  readonly publisher: number;
  readonly n: number;
  readonly padding: string;
}
export const survived = eventType<Survivor>('kit-survived');
export const group = 'survivors';

/** Up to what a bus may have to write in more than one step. */
export const paddingOf = (n: number): string => 'x'.repeat((n % 5) * 20_000);

/** What the publisher reports, one line each: a publication that was acknowledged, and a delivery. */
export type Report =
  | { readonly at: 'acknowledged'; readonly publisher: number; readonly n: number }
  | { readonly at: 'handled' | 'failed'; readonly publisher: number; readonly n: number; readonly id: string };

type Place = Pick<Survivor, 'publisher' | 'n'>;
const keyOf = ({ publisher, n }: Place): string => `event ${n} of publisher ${publisher}`;

/** What must be delivered after a kill, by all that the publisher has reported. */
export class Owed {
  readonly #owed = new Set<string>();
  readonly #handled = new Set<string>();
  readonly #ids = new Map<string, string>();

  constructor(private readonly life: number) {}

  get acknowledged(): number {
    return this.#owed.size;
  }

  note(report: Report): void {
    const key = keyOf(report);
    if (report.at === 'acknowledged') this.#owed.add(key);
    else this.#ids.set(key, report.id);
    if (report.at === 'handled') this.#handled.add(key);
  }

  async check(trial: EventTrial): Promise<void> {
    const missing = new Set([...this.#owed].filter((key) => !this.#handled.has(key)));
    const inbox = new Inbox<Survivor>((event) => {
      if (event.life === this.life) missing.delete(keyOf(event));
    });
    trial.instance.subscribe(survived, group, inbox.handler);
    try {
      await inbox.until(trial, 'what was acknowledged and not handled', () => missing.size === 0);
    } catch (cause) {
      if (!(cause instanceof KitFailure) || missing.size === 0) throw cause;
      const some = [...missing].slice(0, 5).join(', ');
      const what = 'what was acknowledged and not handled when the process was killed';
      throw new KitFailure(what, 'to be delivered', `${missing.size} events missing: ${some}`, { cause });
    }
    const last = new Map<number, number>();
    for (const { payload, meta } of inbox.firsts.filter(({ payload: { life } }) => life === this.life)) {
      const key = keyOf(payload);
      trial.equal(`the length of ${key}`, payload.padding.length, paddingOf(payload.n).length);
      trial.equal(`the id of ${key}`, meta.id, this.#ids.get(key) ?? meta.id);
      const before = last.get(payload.publisher) ?? -1;
      trial.holds(`the event after event ${before} of its publisher`, payload.n > before, 'a later one', payload.n);
      last.set(payload.publisher, payload.n);
    }
  }
}
