/** Applies one deployment in a process of its own, which the kit kills: `node crash-agent.js <JSON of AgentTask>`. */
import type { DesiredApplication, TargetProvider } from '../../ports/index.js';
import { startedBy } from '../crash-context.js';
import type { CrashRecipe } from '../kit-subject.js';

export interface AgentTask extends CrashRecipe {
  readonly application: DesiredApplication;
  readonly component: string;
}

const task = JSON.parse(process.argv[2] ?? '') as AgentTask;
const { instance } = await startedBy<TargetProvider>(task);
process.stdout.write('about to apply\n');
await instance.apply(task.application, task.component, {
  signal: new AbortController().signal,
  progress: () => undefined,
});
