/** A process that holds a lease until it is killed: `node crash-holder.js <JSON of CrashRecipe>`. It reports the fence. */
import type { LockProvider } from '../../ports/index.js';
import { startedBy } from '../crash-context.js';
import type { CrashRecipe } from '../kit-subject.js';
import type { Held } from './crash.js';

const { instance } = await startedBy<LockProvider>(JSON.parse(process.argv[2] ?? '') as CrashRecipe);
const { fence } = await instance.acquire('kit');
const report: Held = { fence };
process.stdout.write(`${JSON.stringify(report)}\n`);
// Held until the end, whatever else keeps the process alive.
setInterval(() => undefined, 60_000);
