import { collection, defineManager, put, ref, StateConflict, StateProvider, z } from 'tutti/plugin';

/** What others may ask of it. A vendor or another manager names the ref in its `uses`, and is handed the instance. */
export interface Counters {
  /** Counts one more. @returns how many there are by now */
  count(name: string): Promise<number>;
  /** @returns 0 for what was never counted */
  of(name: string): Promise<number>;
}

/** Its id is the manager's type: so the host knows who provides it before it has loaded the module. */
export const Counters = ref<Counters>('manager.my-manager');

interface Counter {
  readonly count: number;
}

/** Declared once, beside the manager that owns it. */
const counters = collection<Counter>('my-manager');

/**
 * Business logic: it knows ports and other managers, and neither a protocol nor a platform. What must outlive the host
 * goes to the store, and what others should hear of to an `EventBus`.
 */
export default defineManager({
  provides: Counters,
  type: 'manager.my-manager',
  version: '0.1.0',
  summary: 'What it does, in one line',
  config: z.strictObject({
    step: z.int().min(1).default(1).describe('How much one more is'),
  }),
  uses: { state: StateProvider },
  // Makes, and does nothing yet: what may fail or takes time belongs into `start() {}`.
  create: ({ config, uses: { state } }): Counters => ({
    count: async (name) => {
      for (;;) {
        const present = await state.get(counters, name);
        const count = (present?.value.count ?? 0) + config.step;
        try {
          await state.commit([put(counters, name, { count }, present?.revision ?? 'absent')]);
          return count;
        } catch (error) {
          // Somebody else was faster: count on from there.
          if (!(error instanceof StateConflict)) throw error;
        }
      }
    },
    of: async (name) => (await state.get(counters, name))?.value.count ?? 0,
  }),
});
