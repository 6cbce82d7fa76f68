import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Publication } from '../../../core/events/index.js';
import {
  correlationId,
  defineProvider,
  EventBus,
  type EventHandler,
  type EventType,
  frozenCopy,
  type Lifecycle,
  type Subscription,
  z,
} from '../../../core/plugin/index.js';
import { silentLogger } from '../../../core/testing/index.js';
import { Group, type GroupOptions } from '../../../providers/events/memory/group.js';

/** Of a group: an event that it is to get, or the id of one that it has handled. */
type Line = { readonly type: string; readonly group: string } & (
  | { readonly event: Publication }
  | { readonly handled: string }
);

/** A durable bus: a journal of what was published for whom, written before `publish` resolves, or after. */
class Journal implements EventBus, Lifecycle {
  readonly durable = true;
  readonly #groups = new Map<string, Map<string, Group>>();
  #owed: Line[] = [];
  #published = 0;

  constructor(
    private readonly file: string,
    private readonly early: boolean,
    private readonly options: Omit<GroupOptions, 'name' | 'onSettled'>,
  ) {}

  start(): void {
    const text = existsSync(this.file) ? readFileSync(this.file, 'utf8') : '';
    // The last line may have been cut by a kill.
    const lines = text.split('\n').filter((line) => line.endsWith('}')) as readonly string[];
    const all = lines.map((line) => JSON.parse(line) as Line);
    const handled = new Set(all.flatMap((line) => ('handled' in line ? [`${line.group} ${line.handled}`] : [])));
    for (const line of all) {
      if ('event' in line && !handled.has(`${line.group} ${line.event.id}`)) {
        this.#group(line.type, line.group).add(line.event);
      }
    }
  }

  async publish<T>({ name }: EventType<T>, payload: T): Promise<void> {
    const id = `${process.pid}-${Date.now()}-${this.#published++}`;
    const copy = payload === undefined ? undefined : frozenCopy(payload, `the payload of ${name}`);
    const event = { id, correlationId: correlationId() ?? id, payload: copy };
    for (const [group, members] of this.#groups.get(name) ?? []) {
      if (!members.subscribed) continue;
      this.#owed.push({ type: name, group, event });
      members.add(event);
    }
    if (this.early) setTimeout(() => this.#write(), 20).unref();
    else this.#write();
  }

  subscribe<T>({ name }: EventType<T>, group: string, handler: EventHandler<T>): Subscription {
    return this.#group(name, group).join(async (payload, meta) => {
      // Events of a type carry what was published as that type.
      await (handler as EventHandler<unknown>)(payload, meta);
      this.#owed.push({ type: name, group, handled: meta.id });
      this.#write();
    });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#groups.values()].flatMap((groups) => [...groups.values()].map((each) => each.close())));
    this.#write();
  }

  #group(type: string, name: string): Group {
    const groups = this.#groups.get(type) ?? new Map<string, Group>();
    this.#groups.set(type, groups);
    const group = groups.get(name) ?? new Group({ ...this.options, name, onSettled: () => undefined });
    groups.set(name, group);
    return group;
  }

  #write(): void {
    if (this.#owed.length > 0)
      appendFileSync(this.file, this.#owed.map((line) => `\n${JSON.stringify(line)}`).join(''));
    this.#owed = [];
  }
}

/** `early: true` is the mutant: it acknowledges before it is durable. */
export default defineProvider({
  port: EventBus,
  type: 'events.journal',
  version: '1.0.0',
  config: z.strictObject({ early: z.boolean() }),
  create: ({ config, clock, dataDir }) =>
    new Journal(join(dataDir, 'journal'), config.early, {
      clock,
      log: silentLogger(),
      firstDelay: 100,
      maxDelay: 1_000,
    }),
});
