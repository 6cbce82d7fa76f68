/** A host that takes an event and never finishes it: `node hung-host.js <JSON of CrashRecipe>`. It reports the event's id. */

import { type EventBus, eventType } from '../../core/ports/index.js';
import { startedBy } from '../../core/testing/crash-context.js';
import type { CrashRecipe } from '../../core/testing/kit-subject.js';

const { instance } = await startedBy<EventBus>(JSON.parse(process.argv[2] ?? '') as CrashRecipe);
instance.subscribe(eventType<number>('plant:happened'), 'one', (n, { id }) => {
  process.stdout.write(`${JSON.stringify({ n, id })}\n`);
  return new Promise(() => undefined);
});
