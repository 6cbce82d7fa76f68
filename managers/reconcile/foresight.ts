import { type DesiredApplication, TargetFault, type TargetProvider } from '../../core/ports/index.js';
import type { Foresight, PlannedStep, Step } from './index.js';
import { type Observed, plan } from './plan.js';

/** What would be done now, each step with what its target says that it would do. Does nothing of it. */
export async function foresee(
  desired: DesiredApplication | undefined,
  observed: readonly Observed[],
  targets: ReadonlyMap<string, TargetProvider>,
  signal: AbortSignal,
): Promise<Foresight> {
  const verdict = plan(desired, observed);
  const steps = await Promise.all(
    verdict.steps.map((step) => withEffects(step, desired, targets.get(step.target), signal)),
  );
  return { steps, ...(verdict.kind !== 'steps' && { refused: verdict.reason }) };
}

async function withEffects(
  step: Step,
  desired: DesiredApplication | undefined,
  target: TargetProvider | undefined,
  signal: AbortSignal,
): Promise<PlannedStep> {
  if (step.kind === 'remove' || !desired || !target?.preview) return step;
  try {
    return { ...step, effects: await target.preview(desired, step.component, signal) };
  } catch (error) {
    if (error instanceof TargetFault) return { ...step, effects: [`fail: ${error.message}`] };
    throw error;
  }
}
