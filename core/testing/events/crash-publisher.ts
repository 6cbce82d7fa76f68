/** A process that publishes and reports until it is killed: `node crash-publisher.js <JSON of PublisherTask>`. */
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../host/clock.js';
import type { Definition } from '../../plugin/definition.js';
import { importBeside } from '../../plugin/loader.js';
import type { EventBus } from '../../ports/index.js';
import { testContext } from '../context.js';
import type { CrashRecipe } from '../kit-subject.js';
import { group, paddingOf, type Report, survived } from './survivors.js';

export interface PublisherTask extends CrashRecipe {
  readonly life: number;
}

const publishers = 4;
/** How many events are handled before the handler begins to fail: the rest is undelivered when the process dies. */
const handled = 3;
/** Milliseconds that the module may take to be loaded: whoever started this ends what hangs. */
const patience = 600_000;

// Writing to a pipe is synchronous on POSIX: what was reported has left the process before the next step.
const report = (line: Report): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

async function publishForEver(bus: EventBus, life: number, publisher: number): Promise<never> {
  for (let n = 0; ; n++) {
    await bus.publish(survived, { life, publisher, n, padding: paddingOf(n) });
    report({ at: 'acknowledged', publisher, n });
  }
}

const task = JSON.parse(process.argv[2] ?? '') as PublisherTask;
// Without options for node, the module is read as a host reads a plugin: TypeScript as well.
const module = task.execArgv ? await import(task.module) : await importBeside(fileURLToPath(task.module), {}, patience);
const exported = module as Record<string, Definition | undefined>;
const definition = exported[task.export ?? 'default'];
if (!definition) throw new Error(`${task.module} exports no ${task.export ?? 'default'}`);
const { config, dataDir, life } = task;
const { instance, start } = await testContext<EventBus>(definition, { config, dataDir, clock: systemClock });
await start();
let done = 0;
instance.subscribe(survived, group, ({ life: born, publisher, n }, { id }) => {
  // What is left of an earlier life has been looked at.
  if (born !== life) return;
  const fails = done === handled;
  report({ at: fails ? 'failed' : 'handled', publisher, n, id });
  if (fails) throw new Error('not in this life');
  done++;
});
await Promise.all(Array.from({ length: publishers }, (_, publisher) => publishForEver(instance, life, publisher)));
