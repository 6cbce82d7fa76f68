import { Problem, problems } from '../../core/operation/index.js';
import type { Clock, Health, Lifecycle, Logger } from '../../core/plugin/index.js';
import type {
  Change,
  EventBus,
  StateProvider,
  StatusReport,
  TargetCapabilities,
  TargetProvider,
} from '../../core/ports/index.js';
import { backoff, KeyedQueue, unlessAborted, type WorkResult } from '../../core/work/index.js';
import { Executor } from './executor.js';
import { foresee } from './foresight.js';
import type { ApplicationStatus, Foresight, ReconcileManager, Wanted } from './index.js';
import { Ledger } from './ledger.js';
import { Pacing, type PacingSettings } from './pacing.js';
import { ambiguities, type Observed, type Plan, plan } from './plan.js';
import { type ApplicationRecord, componentsOf, desiredOf } from './records.js';
import { progressing, refusal, uniform } from './report.js';

export interface ReconcilerSettings extends PacingSettings {
  /** Milliseconds: how often everything is looked at anyway. */
  readonly resync: number;
  readonly parallel: number;
}

interface Dependencies {
  readonly state: StateProvider;
  readonly events: EventBus;
  readonly targets: ReadonlyMap<string, TargetProvider>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: ReconcilerSettings;
}

/** Plans and has carried out: one worker an application at most, so that a failing one never holds up another. */
export class Reconciler implements ReconcileManager, Lifecycle {
  readonly #ledger: Ledger;
  readonly #executor: Executor;
  readonly #pacing: Pacing;
  readonly #queue: KeyedQueue;
  readonly #stopped = new AbortController();
  /** Ends the waiting for a step whose purpose is gone, by application. */
  readonly #steps = new Map<string, AbortController>();
  #loops: readonly Promise<void>[] = [];

  constructor(private readonly on: Dependencies) {
    this.#ledger = new Ledger(on.state, on.events);
    this.#executor = new Executor(on.targets, this.#ledger, on.log);
    this.#pacing = new Pacing(() => on.clock.now(), on.settings);
    this.#queue = new KeyedQueue({
      clock: on.clock,
      parallel: on.settings.parallel,
      work: (id, signal) => this.#work(id, signal),
    });
  }

  async start(): Promise<void> {
    await this.#ledger.load();
    const watches = [...this.on.targets].map(([name, target]) => this.#watch(name, target));
    this.#loops = [...watches, this.#resync(), this.#warnOfRivals()];
    this.#queueAll();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#queue.stop();
    await Promise.all(this.#loops);
  }

  health(): Health {
    const all = this.#ledger.all();
    const failing = all.filter(({ report }) => report.state === 'failed');
    const [first] = failing;
    return first
      ? { status: 'degraded', reason: `${failing.length} of ${all.length} applications failing: ${first.name}` }
      : { status: 'ok' };
  }

  async adopt(wanted: readonly Wanted[], alongside: readonly Change[]): Promise<void> {
    for (const id of await this.#ledger.adopt(wanted, alongside)) {
      this.#pacing.forget(id);
      this.#steps.get(id)?.abort();
      this.#queue.add(id);
    }
    await this.#queueStrays();
  }

  statuses(): readonly ApplicationStatus[] {
    return this.#ledger.all().map((record) => this.#statusOf(record));
  }

  status(id: string): ApplicationStatus | undefined {
    const record = this.#ledger.get(id);
    return record && this.#statusOf(record);
  }

  async forget(id: string): Promise<void> {
    if (await this.#ledger.forget(id)) this.#pacing.forget(id);
  }

  async capabilities(): Promise<ReadonlyMap<string, TargetCapabilities>> {
    const described = [...this.on.targets].map(async ([name, target]) => [name, await target.describe()] as const);
    return new Map(await Promise.all(described));
  }

  async plan(id: string, signal: AbortSignal): Promise<Foresight> {
    const record = this.#ledger.get(id);
    if (!record) throw new Problem(problems.notFound, `there is no application ${id} here`);
    const desired = desiredOf(record);
    const { refused } = record.wanted ?? {};
    if (refused !== undefined && !desired) return { steps: [], refused };
    try {
      return {
        ...(refused !== undefined && { refused }),
        ...(await foresee(desired, await this.#observe(id), this.on.targets, signal)),
      };
    } catch (cause) {
      signal.throwIfAborted();
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Problem(problems.unavailable, `what would be done cannot be told now: ${why}`, { cause });
    }
  }

  async logs(id: string, component: string, lines: number): Promise<readonly string[]> {
    try {
      for (const target of this.on.targets.values()) {
        const application = (await target.actual()).find((one) => one.id === id);
        if (!application?.components.some(({ name }) => name === component)) continue;
        return await target.logs(id, component, lines);
      }
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Problem(problems.unavailable, `the output of ${component} cannot be read now: ${why}`, { cause });
    }
    const name = this.#ledger.get(id)?.name;
    const what =
      name === undefined ? `there is no application ${id} here` : `${name} has no component ${component} here`;
    throw new Problem(problems.notFound, what);
  }

  #statusOf({ id, name, report }: ApplicationRecord): ApplicationStatus {
    const doing = this.#executor.doing(id);
    const retryAt = this.#pacing.retryAt(id);
    return { name, report, ...(doing !== undefined && { doing }), ...(retryAt !== undefined && { retryAt }) };
  }

  #queueAll(): void {
    for (const { id } of this.#ledger.all()) this.#queue.add(id);
  }

  /** What targets still have of applications that nobody knows any more (lost state) is removed, once anything is known. */
  async #queueStrays(): Promise<void> {
    if (!this.#ledger.adopted) return;
    for (const [name, target] of this.on.targets) {
      try {
        for (const { id } of await target.actual()) if (!this.#ledger.get(id)) this.#queue.add(id);
      } catch (error) {
        this.on.log.warn(`${name} did not tell what runs on it; looked at again later`, { error });
      }
    }
  }

  async #watch(name: string, target: TargetProvider): Promise<void> {
    const { signal } = this.#stopped;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        for await (const id of target.watch(signal)) {
          attempt = 1;
          if (this.#ledger.get(id)) this.#queue.add(id);
        }
      } catch (error) {
        if (!signal.aborted) this.on.log.warn(`the watch on ${name} broke; tried again`, { error });
      }
      await this.#pause(backoff(attempt, 1000, 30_000));
    }
  }

  async #warnOfRivals(): Promise<void> {
    if (this.on.targets.size < 2) return;
    try {
      const all = await unlessAborted(this.#stopped.signal, this.capabilities());
      for (const message of ambiguities(all)) this.on.log.warn(message);
    } catch (error) {
      this.on.log.debug('a target does not tell what it runs; what needs it waits', { error });
    }
  }

  async #resync(): Promise<void> {
    while (await this.#pause(this.on.settings.resync)) {
      this.#queueAll();
      await this.#queueStrays();
    }
  }

  /** @returns whether the whole time has passed, rather than the manager been stopped */
  #pause(milliseconds: number): Promise<boolean> {
    return this.on.clock.delay(milliseconds, this.#stopped.signal).then(
      () => true,
      () => false,
    );
  }

  async #work(id: string, stopped: AbortSignal): Promise<WorkResult> {
    const step = new AbortController();
    this.#steps.set(id, step);
    try {
      return await this.#reconcile(id, AbortSignal.any([stopped, step.signal]));
    } catch (error) {
      if (stopped.aborted) return undefined;
      if (step.signal.aborted) return { again: 0 };
      this.on.log.error(`${id} could not be reconciled; tried again later`, { error });
      return this.#failed(id, wholeApplication, true);
    } finally {
      this.#steps.delete(id);
      this.#executor.idle(id);
    }
  }

  async #reconcile(id: string, signal: AbortSignal): Promise<WorkResult> {
    const record = this.#ledger.get(id);
    const desired = desiredOf(record);
    // Refused, and nothing ran before: there is nothing to bring about, and nothing to take away.
    const planned = async (): Promise<Plan> =>
      record?.wanted?.refused !== undefined && !desired ? idle : plan(desired, await this.#observe(id));
    const first = await planned();
    for (const step of first.steps) {
      if (step.kind === 'repair') await this.#executor.broke(id, record, step);
      const wait = this.#pacing.wait(id, step.component, step.kind === 'repair');
      if (wait > 0) return later(wait);
      const outcome = await this.#executor.execute(id, record, step, signal);
      // What is desired may have changed meanwhile; the new desire is planned for from where things are now.
      if (this.#ledger.get(id)?.wanted !== record?.wanted) return { again: 0 };
      if (signal.aborted) return undefined;
      if (outcome !== 'done') return this.#failed(id, step.component, outcome === 'retry');
      this.#pacing.ran(id, step.component);
    }
    const rest = first.steps.length === 0 ? first : await planned();
    if (rest.steps.length > 0) {
      this.on.log.warn(`${id}: not as desired although all steps succeeded`, { steps: rest.steps });
      return this.#failed(id, wholeApplication, true);
    }
    this.#pacing.forget(id, wholeApplication);
    if (record) await this.#ledger.report(id, record.wanted, () => settled(record, rest));
    return undefined;
  }

  async #observe(id: string): Promise<Observed[]> {
    return Promise.all(
      [...this.on.targets].map(async ([target, provider]) => ({
        target,
        capabilities: await provider.describe(),
        actual: (await provider.actual()).find((application) => application.id === id),
      })),
    );
  }

  #failed(id: string, component: string, retry: boolean): WorkResult {
    return later(this.#pacing.failed(id, component, retry));
  }
}

/** Stands for no component, which all have names: for failures of the work as a whole. */
const wholeApplication = '';
const idle: Plan = { kind: 'steps', steps: [], starting: [] };

function later(wait: number): WorkResult {
  return Number.isFinite(wait) ? { again: wait } : undefined;
}

/** The report of an application for which there is nothing left to do. */
function settled({ id, name, wanted, report }: ApplicationRecord, verdict: Plan): StatusReport {
  const components = componentsOf(wanted);
  if (verdict.kind !== 'steps') return refusal(id, name, components, verdict.kind.toUpperCase(), verdict.reason);
  if (wanted?.refused !== undefined) return refusal(id, name, components, 'NOT_ELIGIBLE', wanted.refused);
  if (wanted) return progressing(id, components, verdict.starting);
  return uniform(
    id,
    'removed',
    report.components.map((component) => component.name),
  );
}
