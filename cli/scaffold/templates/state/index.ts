import { defineProvider, StateProvider } from 'tutti/plugin';
import { Store } from './store.ts';

/**
 * What a store promises is written at `StateProvider`, and `tutti plugin test .` sees whether this one keeps it. This one
 * keeps everything in memory: put your store behind store.ts, and say `durable` when commits survive kill -9.
 */
export default defineProvider({
  port: StateProvider,
  type: 'state.my-state',
  version: '0.1.0',
  summary: 'What it does, in one line',
  // What a profile may say: `config: z.strictObject({ file: z.string().describe('...') })`.
  // Makes, and does nothing yet: what may fail or takes time belongs into `start() {}`.
  create: () => new Store(),
});
