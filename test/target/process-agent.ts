/** An agent that applies one deployment and goes on living until it is killed: what a test may kill instead of itself. */
import { systemClock } from '../../core/host/clock.js';
import type { DesiredApplication } from '../../core/ports/index.js';
import { testContext } from '../../core/testing/context.js';
import { type ProcessTarget, processTarget } from '../../providers/target/process/index.js';
import { sampleRegistry } from './process-samples.js';

const [dataDir = '', application = '', component = ''] = process.argv.slice(2);
const registry = await sampleRegistry();
const config = { settle: 50 };
const context = await testContext<ProcessTarget>(processTarget, {
  dataDir,
  config,
  clock: systemClock,
  uses: { registry },
});
await context.start();
process.stdout.write('started\n');
// The delays of a target keep no process alive, but this one shall live.
const alive = setInterval(() => undefined, 1_000);
const signal = new AbortController().signal;
await context.instance.apply(JSON.parse(application) as DesiredApplication, component, {
  signal,
  progress: (text) => process.stdout.write(`${text}\n`),
});
process.stdout.write('applied\n');
clearInterval(alive);
