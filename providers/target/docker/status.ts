import type { ActualComponent, ComponentPhase } from '../../../core/plugin/index.js';
import { composeLabels, labels } from './project.js';

/** A container as far as its state matters. */
export interface ContainerState {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** As the engine says: created, running, restarting, removing, paused, exited, dead. */
  readonly status: string;
  readonly exitCode: number;
  readonly error: string;
  /** ISO 8601; the engine's year 1 means never. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly health?: 'starting' | 'healthy' | 'unhealthy';
  /** Output of the last health check. */
  readonly healthOutput?: string;
  /** When the first began of the health checks that failed without one in between that did not, as far as is known. */
  readonly unhealthySince?: string;
  readonly restartPolicy: string;
  readonly restarts: number;
}

export interface ServiceStatus {
  /** `done` is a job that ended well, `starting` one that is not healthy yet. */
  readonly condition: 'ok' | 'done' | 'starting' | 'stopped' | 'failed' | 'unhealthy';
  readonly reason?: string;
  /** The container that the reason is about. */
  readonly id?: string;
}

/** What a component's containers amount to. */
export function componentStatus(name: string, containers: readonly ContainerState[]): ActualComponent {
  const statuses = containerStatuses(containers);
  const worst = worstOf(statuses);
  const applied = agreed(containers.map((container) => container.labels[labels.applied]));
  return {
    name,
    phase: phaseOf(worst, statuses),
    ...(applied !== undefined && { applied }),
    ...(worst?.reason !== undefined && { reason: worst.reason }),
  };
}

/**
 * Each container's condition, and one `stopped` for each service that has lost its container.
 *
 * @param among the services to look at; all unless told
 */
export function containerStatuses(containers: readonly ContainerState[], among?: ReadonlySet<string>): ServiceStatus[] {
  const meant = (name: string): boolean => among?.has(name) ?? true;
  const kept = containers.filter(
    (container) => container.labels[composeLabels.oneOff] !== 'True' && meant(service(container)),
  );
  const jobs = new Set(kept.flatMap(completedDependencies));
  const found = new Set(kept.map(service));
  const expected = new Set(kept.flatMap((container) => (container.labels[labels.services] ?? '').split(',')));
  const lost = [...expected].filter((name) => name !== '' && meant(name) && !found.has(name));
  return [
    ...kept.map((container) => containerStatus(container, jobs.has(service(container)))),
    ...lost.map((name): ServiceStatus => ({ condition: 'stopped', reason: `service ${name} has no container` })),
  ];
}

/** The condition that decides, `undefined` without containers. */
export function worstOf(statuses: readonly ServiceStatus[]): ServiceStatus | undefined {
  const order = ['failed', 'unhealthy', 'stopped', 'starting', 'ok', 'done'] as const;
  for (const condition of order) {
    const found = statuses.find((status) => status.condition === condition);
    if (found !== undefined) return found;
  }
  return undefined;
}

function containerStatus(container: ContainerState, job: boolean): ServiceStatus {
  const { id, status, exitCode, health } = container;
  const name = named(service(container), container.name);
  if (status === 'running') {
    if (health === 'unhealthy') {
      const said = container.healthOutput?.trim();
      const since = moment(' since', container.unhealthySince);
      return { condition: 'unhealthy', id, reason: `${name} is unhealthy${since}${said ? `: ${said}` : ''}` };
    }
    if (health === 'starting') {
      const since = moment(', started', container.startedAt);
      return { condition: 'starting', id, reason: `${name} is not healthy yet${since}` };
    }
    return { condition: 'ok', id };
  }
  if (status === 'restarting') {
    const often = `restarted ${container.restarts} times${moment(', ended last', container.finishedAt)}`;
    return { condition: 'failed', id, reason: `${name} keeps ending with exit code ${exitCode} (${often})` };
  }
  if (status === 'paused') return { condition: 'stopped', id, reason: `${name} is paused` };
  if (status === 'created') {
    // An error here is why the engine could not start it: a port that is taken, a command that is not there.
    if (container.error !== '') return { condition: 'failed', id, reason: `${name}: ${container.error}` };
    return { condition: 'stopped', id, reason: `${name} was made but not started` };
  }
  if (status === 'exited' && exitCode === 0) {
    if (job || container.restartPolicy === 'on-failure') return { condition: 'done', id };
    return { condition: 'stopped', id, reason: ended(name, 0, container.finishedAt) };
  }
  const why = container.error === '' ? '' : `: ${container.error}`;
  return { condition: 'failed', id, reason: `${ended(name, exitCode, container.finishedAt)}${why}` };
}

/** A service as failures name it, with the container that it is about. */
export function named(service: string, container: string): string {
  return `service ${service} (${container})`;
}

/** That something ended, and when. @param at ISO 8601, or nothing where that is not known */
export function ended(what: string, exitCode: number | undefined, at: string): string {
  return `${what} ended with exit code ${String(exitCode)}${moment(' at', at)}`;
}

/** To the second; nothing where the engine does not know. */
function moment(before: string, at: string | undefined): string {
  return at === undefined || at === '' || at.startsWith('0001-') ? '' : `${before} ${at.slice(0, 19)}Z`;
}

function phaseOf(worst: ServiceStatus | undefined, statuses: readonly ServiceStatus[]): ComponentPhase {
  switch (worst?.condition) {
    case undefined:
      return 'absent';
    case 'failed':
    case 'unhealthy':
      return 'failed';
    case 'starting':
      return 'installing';
    case 'stopped':
      return 'stopped';
    default:
      return statuses.length > 0 ? 'running' : 'absent';
  }
}

/** Services that this container's service waits for to complete: `name:condition:restart,...`. */
function completedDependencies(container: ContainerState): string[] {
  return (container.labels[composeLabels.dependsOn] ?? '')
    .split(',')
    .map((entry) => entry.split(':'))
    .filter(([, condition]) => condition === 'service_completed_successfully')
    .map(([name = '']) => name);
}

/** The service that a container is of. */
export function service(container: Pick<ContainerState, 'id' | 'labels'>): string {
  return container.labels[composeLabels.service] ?? container.id.slice(0, 12);
}

function agreed(values: readonly (string | undefined)[]): string | undefined {
  const [first, ...more] = [...new Set(values)];
  return more.length === 0 ? first : undefined;
}
