import { isDeepStrictEqual } from 'node:util';
import pLimit from 'p-limit';
import type { Clock, Health, Lifecycle, Logger } from '../../core/plugin/index.js';
import {
  type Change,
  type DesiredApplication,
  type EventBus,
  put,
  remove,
  type StateProvider,
  type StatusReport,
  type TargetCapabilities,
  TargetFault,
  type TargetProvider,
} from '../../core/ports/index.js';
import { backoff, KeyedQueue, type WorkResult } from '../../core/work/index.js';
import {
  type ApplicationStatus,
  ApplicationStatusChanged,
  type ReconcileManager,
  type Step,
  type Wanted,
} from './index.js';
import { Pacing, type PacingSettings } from './pacing.js';
import { type Observed, type Plan, plan } from './plan.js';
import { type ApplicationRecord, applications, componentsOf, idOf, nameOf } from './records.js';
import { refusal, uniform, withComponent, withoutComponent } from './report.js';

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

/** Carries out plans: one worker an application at most, so that a failing one never holds up another. */
export class Reconciler implements ReconcileManager, Lifecycle {
  readonly #records = new Map<string, ApplicationRecord>();
  readonly #doing = new Map<string, string>();
  readonly #pacing: Pacing;
  readonly #stopped = new AbortController();
  readonly #queue: KeyedQueue;
  /** One write at a time: an adoption and a report of the desire before it must not overtake each other. */
  readonly #exclusively = pLimit(1);

  constructor(private readonly on: Dependencies) {
    this.#pacing = new Pacing(() => on.clock.now(), on.settings);
    this.#queue = new KeyedQueue({
      clock: on.clock,
      parallel: on.settings.parallel,
      work: (id, signal) => this.#work(id, signal),
    });
  }

  async start(): Promise<void> {
    let after: string | undefined;
    do {
      const page = await this.on.state.list(applications, { limit: 1000, ...(after !== undefined && { after }) });
      for (const { value } of page.items) this.#records.set(value.id, value);
      after = page.next;
    } while (after !== undefined);
    for (const [name, target] of this.on.targets) void this.#watch(name, target);
    void this.#resync();
    this.#queueAll();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#queue.stop();
  }

  health(): Health {
    const failing = [...this.#records.values()].filter(({ report }) => report.state === 'failed');
    const [first] = failing;
    return first
      ? { status: 'degraded', reason: `${failing.length} of ${this.#records.size} applications failing: ${first.name}` }
      : { status: 'ok' };
  }

  async adopt(wanted: readonly Wanted[], alongside: readonly Change[]): Promise<void> {
    const changed = await this.#exclusively(async () => {
      const records = this.#differences(new Map(wanted.map((one) => [idOf(one), one])));
      await this.on.state.commit([...records.map((record) => put(applications, record.id, record)), ...alongside]);
      for (const record of records) this.#records.set(record.id, record);
      return records;
    });
    for (const { id } of changed) {
      this.#pacing.forget(id);
      await this.on.events.publish(ApplicationStatusChanged, { id });
      this.#queue.add(id);
    }
    await this.#queueStrays();
  }

  #differences(next: ReadonlyMap<string, Wanted>): ApplicationRecord[] {
    const changed: ApplicationRecord[] = [];
    for (const [id, wanted] of next) {
      if (isDeepStrictEqual(this.#records.get(id)?.wanted, wanted)) continue;
      changed.push({ id, name: nameOf(wanted), wanted, report: uniform(id, 'pending', componentsOf(wanted)) });
    }
    for (const { id, name, wanted, report } of this.#records.values()) {
      if (next.has(id) || !wanted) continue;
      const components = report.components.map((component) => component.name);
      changed.push({ id, name, report: uniform(id, 'removing', components) });
    }
    return changed;
  }

  statuses(): readonly ApplicationStatus[] {
    return [...this.#records.values()].map((record) => this.#statusOf(record));
  }

  status(id: string): ApplicationStatus | undefined {
    const record = this.#records.get(id);
    return record && this.#statusOf(record);
  }

  forget(id: string): Promise<void> {
    return this.#exclusively(async () => {
      const record = this.#records.get(id);
      if (!record || record.wanted) return;
      await this.on.state.commit([remove(applications, id)]);
      this.#records.delete(id);
      this.#pacing.forget(id);
    });
  }

  async capabilities(): Promise<ReadonlyMap<string, TargetCapabilities>> {
    const described = [...this.on.targets].map(async ([name, target]) => [name, await target.describe()] as const);
    return new Map(await Promise.all(described));
  }

  #statusOf({ id, name, report }: ApplicationRecord): ApplicationStatus {
    const doing = this.#doing.get(id);
    const retryAt = this.#pacing.retryAt(id);
    return { name, report, ...(doing !== undefined && { doing }), ...(retryAt !== undefined && { retryAt }) };
  }

  #queueAll(): void {
    for (const id of this.#records.keys()) this.#queue.add(id);
  }

  /** What targets still have of applications that nobody knows any more (lost state) is removed after an adoption. */
  async #queueStrays(): Promise<void> {
    for (const [name, target] of this.on.targets) {
      try {
        for (const { id } of await target.actual()) if (!this.#records.has(id)) this.#queue.add(id);
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
          if (this.#records.has(id)) this.#queue.add(id);
        }
      } catch (error) {
        if (!signal.aborted) this.on.log.warn(`the watch on ${name} broke; tried again`, { error });
      }
      await this.#pause(backoff(attempt, 1000, 30_000));
    }
  }

  async #resync(): Promise<void> {
    while (await this.#pause(this.on.settings.resync)) this.#queueAll();
  }

  /** @returns whether the whole time has passed, rather than the manager been stopped */
  #pause(milliseconds: number): Promise<boolean> {
    const { signal } = this.#stopped;
    return this.on.clock.delay(milliseconds, signal).then(
      () => true,
      () => false,
    );
  }

  async #work(id: string, signal: AbortSignal): Promise<WorkResult> {
    try {
      return await this.#reconcile(id, signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      this.on.log.error(`${id} could not be reconciled; tried again later`, { error });
      return this.#failed(id, wholeApplication, true);
    } finally {
      this.#doing.delete(id);
    }
  }

  async #reconcile(id: string, signal: AbortSignal): Promise<WorkResult> {
    const record = this.#records.get(id);
    const desired = desiredOf(record);
    const superseded = (): boolean => this.#records.get(id)?.wanted !== record?.wanted;
    const first = plan(desired, await this.#observe(id));
    for (const step of first.steps) {
      if (step.kind === 'repair') await this.#broke(id, record, step);
      const wait = this.#pacing.wait(id, step.component, step.kind === 'repair');
      if (wait > 0) return later(wait);
      const outcome = await this.#execute(id, record, step, signal);
      // What is desired may have changed meanwhile; the new desire is planned for from where things are now.
      if (superseded()) return { again: 0 };
      if (signal.aborted) return undefined;
      if (outcome !== 'done') return this.#failed(id, step.component, outcome === 'retry');
      this.#pacing.ran(id, step.component);
    }
    const rest = first.steps.length === 0 ? first : plan(desired, await this.#observe(id));
    if (rest.steps.length > 0) {
      this.on.log.warn(`${id}: not as desired although all steps succeeded`, { steps: rest.steps });
      return this.#failed(id, wholeApplication, true);
    }
    this.#pacing.forget(id, wholeApplication);
    if (record) await this.#report(id, record.wanted, () => settled(record, rest));
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

  /** Tells that something stopped by itself. Why it cannot be brought back, where that is known, tells more. */
  #broke(id: string, record: ApplicationRecord | undefined, { component, reason }: Step): Promise<void> {
    return this.#report(id, record?.wanted, (last) =>
      last.components.some(({ name, state }) => name === component && state === 'failed')
        ? last
        : withComponent(last, component, 'failed', { code: 'STOPPED', message: reason }),
    );
  }

  /** @returns whether the step succeeded, and if not, whether it may later; what went wrong is in the report */
  async #execute(
    id: string,
    record: ApplicationRecord | undefined,
    step: Step,
    signal: AbortSignal,
  ): Promise<'done' | 'retry' | 'hopeless'> {
    const { kind, component, reason } = step;
    const target = this.on.targets.get(step.target);
    if (!target) throw new Error(`the plan names ${step.target}, which is no target here`);
    this.on.log.info(`${kind} ${component}: ${reason}`, { deploymentId: id, target: step.target });
    const call = { signal, progress: (text: string) => this.#doing.set(id, `${component}: ${text}`) };
    call.progress(`${kind}, ${reason}`);
    const report = (change: (last: StatusReport) => StatusReport): Promise<void> =>
      this.#report(id, record?.wanted, change);
    try {
      const desired = desiredOf(record);
      if (kind === 'remove' || !desired) {
        await report((last) => withComponent(last, component, 'removing'));
        await target.remove({ id, name: record?.name ?? id }, component, false, call);
        await report((last) =>
          desired ? withoutComponent(last, component) : withComponent(last, component, 'removed'),
        );
      } else {
        if (kind !== 'repair') await report((last) => withComponent(last, component, 'installing'));
        await target.apply(desired, component, call);
        await report((last) => withComponent(last, component, 'installed'));
      }
      return 'done';
    } catch (error) {
      if (signal.aborted) return 'retry';
      const fault =
        error instanceof TargetFault ? error : new TargetFault('platform', String(error), true, { cause: error });
      this.on.log.warn(`${kind} ${component} failed: ${fault.message}`, {
        deploymentId: id,
        code: fault.code,
        retry: fault.retry,
      });
      await report((last) =>
        withComponent(last, component, 'failed', { code: fault.code.toUpperCase(), message: fault.message }),
      );
      return fault.retry ? 'retry' : 'hopeless';
    }
  }

  #failed(id: string, component: string, retry: boolean): WorkResult {
    return later(this.#pacing.failed(id, component, retry));
  }

  /** Keeps and announces a report if it differs from the last one. One for an earlier desire is dropped. */
  async #report(id: string, wanted: Wanted | undefined, change: (last: StatusReport) => StatusReport): Promise<void> {
    const changed = await this.#exclusively(async () => {
      const record = this.#records.get(id);
      if (!record || record.wanted !== wanted) return false;
      const next = { ...record, report: change(record.report) };
      if (isDeepStrictEqual(record.report, next.report)) return false;
      await this.on.state.commit([put(applications, id, next)]);
      this.#records.set(id, next);
      return true;
    });
    if (changed) await this.on.events.publish(ApplicationStatusChanged, { id });
  }
}

/** Stands for no component, which all have names: for failures of the work as a whole. */
const wholeApplication = '';

function later(wait: number): WorkResult {
  return Number.isFinite(wait) ? { again: wait } : undefined;
}

function desiredOf(record: ApplicationRecord | undefined): DesiredApplication | undefined {
  return record?.wanted?.refused === undefined ? record?.wanted?.application : undefined;
}

/** The report of an application for which there is nothing left to do. */
function settled({ id, name, wanted, report }: ApplicationRecord, verdict: Plan): StatusReport {
  const components = componentsOf(wanted);
  if (verdict.kind === 'unsupported') return refusal(id, name, components, 'UNSUPPORTED', verdict.reason);
  if (wanted?.refused !== undefined) return refusal(id, name, components, 'NOT_ELIGIBLE', wanted.refused);
  return wanted
    ? uniform(id, 'installed', components)
    : uniform(
        id,
        'removed',
        report.components.map((component) => component.name),
      );
}
