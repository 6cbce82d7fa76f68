import { type Logger, TargetFault } from '../../../core/plugin/index.js';
import { endInterruptedReplacements } from './interrupted.js';
import type { Revision } from './revision.js';
import { besideOthers, type Rollout, startBeside, startInPlace } from './rollout.js';
import type { ServiceModel } from './service-model.js';

export interface Update {
  readonly next: Revision;
  /** Those of `next`. */
  readonly services: readonly ServiceModel[];
  /** What ran well before, if anything did that is not `next` itself. */
  readonly good: Revision | undefined;
}

/** An update did not come up, and the last good revision runs again. */
export class TakenBack extends TargetFault {}

/**
 * Starts a revision; one that does not come to run as it should is taken back, and the last good one runs again.
 *
 * @throws TakenBack with why it was; another TargetFault where nothing could be gone back to
 */
export async function update({ next, services, good }: Update, on: Rollout, log: Logger): Promise<void> {
  await endInterruptedReplacements(on.engine, on.project);
  try {
    // What nobody waits for has no gate to pass, so the old would go before anybody knows of the new.
    const beside = on.wait ? await besideOthers(next, services, on) : [];
    if (beside.length > 0) await startBeside(next, beside, services, on);
    else await startInPlace(next, on);
  } catch (error) {
    on.signal.throwIfAborted();
    if (good === undefined || !isRefusal(error)) throw error;
    log.warn(`${on.name} ${next.revision} is taken back`, { project: on.project, reason: error.message });
    await goBack(good, error, on);
    throw new TakenBack(error.code, `${error.message}\nrevision ${good.revision} runs again`, true, { cause: error });
  }
}

/** The revision's own fault, rather than the engine's, which would spoil the way back as well. */
function isRefusal(error: unknown): error is TargetFault {
  return error instanceof TargetFault && ['start', 'unhealthy', 'timeout'].includes(error.code);
}

async function goBack(good: Revision, because: TargetFault, on: Rollout): Promise<void> {
  try {
    await endInterruptedReplacements(on.engine, on.project);
    await startInPlace(good, { ...on, wait: true });
  } catch (error) {
    on.signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    const text = `${because.message}\nrevision ${good.revision}, which ran before, does not come up either: ${why}`;
    throw new TargetFault(because.code, text, true, { cause: error });
  }
}
