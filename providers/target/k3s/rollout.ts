import { type ApplyCall, type Clock, type Logger, TargetFault } from '../../../core/plugin/index.js';
import { withDeadline } from '../../../core/work/index.js';
import type { ComponentState } from './component-status.js';
import type { ApplyRequest, Driver } from './driver.js';
import type { Feed, Listener } from './feed.js';
import type { Releases } from './releases.js';
import { untilRuns } from './waiting.js';

interface Options {
  readonly releases: Releases;
  readonly feed: Feed;
  readonly clock: Clock;
  readonly log: Logger;
  /** Milliseconds that pods without a readiness probe must have run. */
  readonly settle: number;
}

/** A component on its way onto the cluster: within its time, and back when it does not get there. */
export class Rollout {
  constructor(private readonly on: Options) {}

  /** Resolves when the cluster has taken it, and when it runs if that is to be waited for. */
  async bring(driver: Driver, request: ApplyRequest, call: ApplyCall): Promise<void> {
    const listener = this.on.feed.listen(request.application.id);
    try {
      await this.#inTime(driver, request, listener, call);
    } catch (error) {
      call.signal.throwIfAborted();
      if (!(error instanceof TargetFault)) throw error;
      throw await this.#back(driver, request, error, call);
    } finally {
      listener.close();
    }
    if (request.component.wait) await this.noteRuns(driver, request, call);
  }

  /** What came to run can be gone back to. It does run, whether that can be noted or not. */
  async noteRuns(driver: Driver, request: ApplyRequest, call: ApplyCall): Promise<void> {
    try {
      await driver.noteRuns?.(request, call);
    } catch (error) {
      call.signal.throwIfAborted();
      if (!(error instanceof TargetFault)) throw error;
      this.on.log.warn(`${request.component.name} runs, and that cannot be noted: ${error.message}`);
    }
  }

  /** Applying and waiting together take no longer than the component's timeout. */
  async #inTime(driver: Driver, request: ApplyRequest, listener: Listener, call: ApplyCall): Promise<void> {
    const { clock, settle } = this.on;
    const { name, timeout, wait } = request.component;
    const applying: { ended?: unknown } = {};
    const late = async (): Promise<Error> => (applying.ended instanceof Error ? applying.ended : new OutOfTime());
    try {
      await withDeadline({ clock, milliseconds: timeout, signal: call.signal, late }, async (signal) => {
        if (driver.keepsTime === true) {
          // Its own fault says more than that the time is over.
          await driver.apply(request, call).catch((error: unknown) => {
            applying.ended = error;
            throw error;
          });
        } else await driver.apply(request, { ...call, signal });
        const look = (): Promise<ComponentState> => this.#look(driver, request, signal);
        if (wait) await untilRuns({ name, clock, settle, call: { ...call, signal }, listener, look });
      });
    } catch (error) {
      if (!(error instanceof OutOfTime)) throw error;
      const state = await this.#look(driver, request, call.signal);
      // It came to run just then.
      if (state.phase === 'running' && state.applied === request.applied) return;
      const why = state.reason === undefined ? '' : `: ${state.reason}`;
      const code = state.unhealthy === true ? 'unhealthy' : 'timeout';
      throw new TargetFault(code, `${name} does not run after ${timeout / 1000} s${why}`, true);
    }
  }

  /** @returns the fault, with what became of going back */
  async #back(driver: Driver, request: ApplyRequest, fault: TargetFault, call: ApplyCall): Promise<TargetFault> {
    const { clock } = this.on;
    const { code, message, retry } = fault;
    const told = (what: string): TargetFault => new TargetFault(code, `${message}\n${what}`, retry, { cause: fault });
    const late = async (): Promise<Error> => {
      return new TargetFault('timeout', `that was not done after ${longestWayBack / 1000} s`, true);
    };
    try {
      const time = { clock, milliseconds: longestWayBack, signal: call.signal, late };
      const back = await withDeadline(time, async (signal) => driver.goBack?.(request, { ...call, signal }, fault));
      return back === undefined ? fault : told(`revision ${back} was brought back`);
    } catch (error) {
      call.signal.throwIfAborted();
      if (!(error instanceof TargetFault)) throw error;
      return told(`the revision before could not be brought back: ${error.message}`);
    }
  }

  async #look(
    driver: Driver,
    { application, component }: ApplyRequest,
    signal: AbortSignal,
  ): Promise<ComponentState & { readonly applied?: string | undefined }> {
    const { releases } = this.on;
    const all = await releases.of(application.id, component.name, signal);
    const release = all.find((each) => each.driver === driver)?.release;
    if (release === undefined) return { phase: 'absent', reason: 'it is gone', final: false, probed: true };
    return { ...(await releases.explained(release, signal)), applied: release.applied };
  }
}

/** Milliseconds. Nobody waits for anything to run, so this only ends what hangs. */
const longestWayBack = 300_000;

class OutOfTime extends Error {}
