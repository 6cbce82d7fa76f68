import type { Logger } from '../../core/plugin/index.js';
import {
  type DesiredApplication,
  type StatusReport,
  TargetFault,
  type TargetProvider,
} from '../../core/ports/index.js';
import { Semaphore } from '../../core/work/index.js';
import type { Step } from './index.js';
import type { Ledger } from './ledger.js';
import { type ApplicationRecord, desiredOf } from './records.js';
import { withComponent, withoutComponent } from './report.js';

/** How a step ended: `hopeless` when the same step cannot succeed later either. */
export type Outcome = 'done' | 'retry' | 'hopeless';

/** The newest lines of a component's output that go into the log when it has to be repaired. */
const tail = 10;

/** Carries out the steps of plans, and tells in the ledger how they go. */
export class Executor {
  readonly #doing = new Map<string, string>();
  /** As many at the same time as each target says it can do. */
  readonly #limits = new Map<string, Promise<Semaphore>>();

  constructor(
    private readonly targets: ReadonlyMap<string, TargetProvider>,
    private readonly ledger: Ledger,
    private readonly log: Logger,
  ) {}

  /** What is being done on an application now, for a person. */
  doing(id: string): string | undefined {
    return this.#doing.get(id);
  }

  idle(id: string): void {
    this.#doing.delete(id);
  }

  /**
   * Tells, once, that something stopped by itself, with its last words for the log. Why it cannot be brought back, where
   * that is known, tells more than that it stopped.
   */
  async broke(id: string, record: ApplicationRecord | undefined, { component, reason, target }: Step): Promise<void> {
    const told = this.ledger
      .get(id)
      ?.report.components.some(({ name, state }) => name === component && state === 'failed');
    if (told) return;
    await this.ledger.report(id, record?.wanted, (last) =>
      withComponent(last, component, 'failed', { code: 'STOPPED', message: reason }),
    );
    try {
      const lines = (await this.targets.get(target)?.logs(id, component, tail)) ?? [];
      if (lines.length > 0)
        this.log.warn(`${component}: ${reason}; its last words follow`, { deploymentId: id, lines });
    } catch (error) {
      this.log.debug(`${component}: its output cannot be read`, { deploymentId: id, error });
    }
  }

  async execute(id: string, record: ApplicationRecord | undefined, step: Step, signal: AbortSignal): Promise<Outcome> {
    const { kind, component, reason } = step;
    const target = this.targets.get(step.target);
    if (!target) throw new Error(`the plan names ${step.target}, which is no target here`);
    this.log.info(`${kind} ${component}: ${reason}`, { deploymentId: id, target: step.target });
    const say = (text: string): void => void this.#doing.set(id, `${component}: ${text}`);
    let isUnderWay = true;
    // What a target says of a call that has settled is of what nobody waits for any more.
    const call = { signal, progress: (text: string) => (isUnderWay ? say(text) : undefined) };
    say(`${kind}, ${reason}`);
    const report = (change: (last: StatusReport) => StatusReport): Promise<void> =>
      this.ledger.report(id, record?.wanted, change);
    try {
      const desired = desiredOf(record);
      if (kind === 'remove' || !desired) {
        await report((last) => withComponent(last, component, 'removing'));
        await this.#within(step.target, target, signal, () =>
          target.remove({ id, name: record?.name ?? id }, component, false, call),
        );
        await report((last) =>
          desired ? withoutComponent(last, component) : withComponent(last, component, 'removed'),
        );
      } else {
        if (kind !== 'repair') await report((last) => withComponent(last, component, 'installing'));
        await this.#within(step.target, target, signal, () => target.apply(desired, component, call));
        // What nobody waited for has only been taken by the platform; whether it runs is seen when it is looked at.
        await report((last) => withComponent(last, component, waits(desired, component) ? 'installed' : 'installing'));
      }
      return 'done';
    } catch (error) {
      if (signal.aborted) return 'retry';
      const fault =
        error instanceof TargetFault ? error : new TargetFault('platform', String(error), true, { cause: error });
      const { code, message, retry } = fault;
      this.log.warn(`${kind} ${component} failed: ${message}`, { deploymentId: id, code, retry });
      await report((last) => withComponent(last, component, 'failed', { code: code.toUpperCase(), message }));
      return retry ? 'retry' : 'hopeless';
    } finally {
      isUnderWay = false;
    }
  }

  async #within(name: string, target: TargetProvider, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const limit = this.#limits.get(name) ?? target.describe().then(({ parallel }) => new Semaphore(parallel));
    this.#limits.set(name, limit);
    // A target that could not be asked is asked again.
    limit.catch(() => this.#limits.delete(name));
    await (await limit).run(work, signal);
  }
}

function waits(desired: DesiredApplication, component: string): boolean {
  return desired.components.find(({ name }) => name === component)?.wait ?? true;
}
