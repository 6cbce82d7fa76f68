import { type Clock, TargetFault } from '../../../core/plugin/index.js';
import type { Engine } from './engine.js';
import { type ContainerEvent, containerEvents } from './events.js';
import { lastWords } from './logs.js';
import { composeLabels, labels } from './project.js';
import {
  type ContainerState,
  containerStatuses,
  ended,
  named,
  type ServiceStatus,
  service,
  worstOf,
} from './status.js';

export interface Start {
  readonly project: string;
  readonly applied: string;
  /** Those that are started; all unless told. */
  readonly services?: ReadonlySet<string>;
  readonly owner: string;
  readonly wait: boolean;
  /** Milliseconds that a container without a health check must have run: most bad starts end within them. */
  readonly settle: number;
}

/**
 * Runs `up` and, with `wait`, waits until every container runs and is healthy where it says how that is told. A container
 * that ends with an exit code fails the start at once (Margo, compose component artifact).
 *
 * @throws TargetFault `start` or `unhealthy` with the newest log lines; the signal's reason on an abort
 */
export async function watchedStart(
  engine: Engine,
  start: Start,
  clock: Clock,
  signal: AbortSignal,
  up: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const over = new AbortController();
  const lasting = AbortSignal.any([signal, over.signal]);
  let changed = gate();
  const events = await containerEvents(engine, start.owner, lasting);
  const crash = crashes(engine, start, events, lasting, () => {
    changed.open();
    changed = gate();
  });
  let upping: Promise<unknown> = Promise.resolve();
  try {
    upping = up(lasting);
    await Promise.race([upping, crash]);
    let calm = false;
    while (start.wait) {
      // Taken before the look, so that a change during it is not missed.
      const next = changed.opened;
      const containers = await startedContainers(engine, start);
      const worst = worstOf(containerStatuses(containers, start.services));
      if (worst === undefined) throw new TargetFault('start', 'no container was made', true);
      if (worst.condition === 'ok' || worst.condition === 'done') {
        if (calm || containers.every(({ health }) => health !== undefined)) return;
        // Then looked at once more: the news of an end may be on its way.
        const settled = clock.delay(start.settle, lasting).then(() => true);
        calm = await Promise.race([settled, next.then(() => false), crash]);
      } else if (worst.condition === 'starting') await Promise.race([next, crash]);
      else throw await failure(engine, worst);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    over.abort();
    // Both end with the abort, and nothing may go on after us. What they found before it was raced for above.
    await Promise.allSettled([crash, upping]);
  }
}

/** The fault of a start that took too long, by what it still waits for. */
export async function lateStart(engine: Engine, start: Start, text: string): Promise<TargetFault> {
  const worst = worstOf(containerStatuses(await startedContainers(engine, start), start.services));
  if (worst?.reason === undefined) return new TargetFault('timeout', text, true);
  return new TargetFault('timeout', await explained(engine, { ...worst, reason: `${text}: ${worst.reason}` }), true);
}

async function startedContainers(engine: Engine, { project, applied, services }: Start): Promise<ContainerState[]> {
  return (await engine.containers({ project })).filter(
    (container) => container.labels[labels.applied] === applied && (services?.has(service(container)) ?? true),
  );
}

/** Rejects when a container of this start ends badly by itself, or when the engine goes away. */
async function crashes(
  engine: Engine,
  { project, applied }: Start,
  events: AsyncIterable<ContainerEvent>,
  signal: AbortSignal,
  changed: () => void,
): Promise<never> {
  // Compose stops containers that it replaces: the engine says `kill` before such a `die`.
  const stopped = new Set<string>();
  for await (const event of events) {
    if (event.labels[composeLabels.project] !== project || event.labels[labels.applied] !== applied) continue;
    if (event.action === 'kill') stopped.add(event.id);
    if (event.action === 'start') stopped.delete(event.id);
    if (event.action === 'die' && event.exitCode !== 0 && !stopped.has(event.id)) {
      throw await failure(engine, crashed(event));
    }
    changed();
  }
  signal.throwIfAborted();
  throw new TargetFault('platform', 'the Docker engine went away during the start', true);
}

function crashed(event: ContainerEvent): ServiceStatus {
  const reason = ended(named(service(event), event.name), event.exitCode, event.at);
  return { condition: 'failed', id: event.id, reason };
}

async function failure(engine: Engine, status: ServiceStatus): Promise<TargetFault> {
  const code = status.condition === 'unhealthy' ? 'unhealthy' : 'start';
  return new TargetFault(code, await explained(engine, status), true);
}

async function explained(engine: Engine, { reason = 'it does not run', id }: ServiceStatus): Promise<string> {
  return id === undefined ? reason : `${reason}${await lastWords(engine, id)}`;
}

function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
