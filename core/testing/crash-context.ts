import { fileURLToPath } from 'node:url';
import { systemClock } from '../host/clock.js';
import type { Definition } from '../plugin/definition.js';
import { importBeside } from '../plugin/loader.js';
import { type TestContext, testContext } from './context.js';
import type { CrashRecipe } from './kit-subject.js';

/** Milliseconds that the module may take to be loaded: whoever started this ends what hangs. */
const patience = 600_000;

/** In the process that is killed: the provider of a recipe, started. */
export async function startedBy<P extends object>(recipe: CrashRecipe): Promise<TestContext<P>> {
  const { module: url, export: name = 'default', execArgv, config, dataDir } = recipe;
  // Without options for node, the module is read as a host reads a plugin: TypeScript as well.
  const module = execArgv ? await import(url) : await importBeside(fileURLToPath(url), {}, patience);
  const definition = (module as Record<string, Definition | undefined>)[name];
  if (!definition) throw new Error(`${url} exports no ${name}`);
  const context = await testContext<P>(definition, { config, dataDir, clock: systemClock });
  await context.start();
  return context;
}
