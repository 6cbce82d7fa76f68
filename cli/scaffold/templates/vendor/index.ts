import { collection, defineVendor, ok, Problem, problems, put, StateProvider, serve, z } from 'tutti/plugin';
import { readNote, writeNote } from './operations.ts';

interface Note {
  readonly text: string;
}

const notes = collection<Note>('my-vendor');

/**
 * A capability for the outside: operations over managers and ports. It knows no protocol. Once it does more than a few
 * lines for each operation, that belongs into a manager.
 */
export default defineVendor({
  type: 'vendor.my-vendor',
  version: '0.1.0',
  summary: 'What it does, in one line',
  config: z.strictObject({
    longest: z.int().min(1).max(10_000).default(10_000).describe('Characters that a note may have'),
  }),
  uses: { state: StateProvider },
  operations: [readNote, writeNote],
  // Makes, and does nothing yet: what may fail or takes time belongs into `start() {}`, beside the operations.
  create: ({ config, uses: { state } }) => ({
    operations: [
      serve(readNote, async ({ input: { name } }) => {
        const kept = await state.get(notes, name);
        if (!kept) throw new Problem(problems.notFound, `there is no note "${name}"`);
        return ok({ name, text: kept.value.text }, `${kept.revision}`);
      }),
      serve(writeNote, async ({ input: { name, text } }) => {
        if (text.length > config.longest) {
          throw new Problem(problems.invalidRequest, `a note may have at most ${config.longest} characters`);
        }
        // A call that is made again changes nothing more, not even the ETag.
        const kept = await state.get(notes, name);
        if (kept?.value.text !== text) await state.commit([put(notes, name, { text })]);
        return ok({ name, text });
      }),
    ],
  }),
});
