import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { EventBus, EventHandler } from '../ports/events.js';

interface Group {
  readonly handlers: Set<EventHandler<never>>;
  /** What is delivered now, and all before it. */
  last: Promise<void>;
}

/**
 * A bus in memory for tests of what uses one: each event to one handler of each group, in order; one that throws is
 * called again. It keeps nothing for a group whose last handler has closed.
 *
 * @experimental
 */
export function memoryEvents(): EventBus {
  const types = new Map<string, Map<string, Group>>();
  return {
    durable: false,
    publish: async ({ name }, payload) => {
      const meta = { id: randomUUID(), correlationId: randomUUID() };
      const text: string | undefined = JSON.stringify(payload);
      for (const group of types.get(name)?.values() ?? []) {
        group.last = group.last.then(() => deliver(group, text, meta));
      }
    },
    subscribe: ({ name }, group, handler) => {
      const groups = types.get(name) ?? new Map<string, Group>();
      types.set(name, groups);
      const mine = groups.get(group) ?? { handlers: new Set(), last: Promise.resolve() };
      groups.set(group, mine);
      mine.handlers.add(handler);
      return {
        close: async () => {
          mine.handlers.delete(handler);
          await mine.last;
        },
      };
    },
  };
}

async function deliver({ handlers }: Group, text: string | undefined, meta: { id: string; correlationId: string }) {
  for (let attempt = 1; ; attempt += 1) {
    const [handler] = handlers;
    if (!handler) return;
    try {
      await handler((text === undefined ? undefined : JSON.parse(text)) as never, { ...meta, attempt });
      return;
    } catch {
      // As the contract has it: whoever throws is asked again.
      await setImmediate();
    }
  }
}
