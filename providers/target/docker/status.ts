import type { ActualComponent, ComponentPhase } from '../../../core/plugin/index.js';
import { composeLabels, labels } from './project.js';

/** A container as far as its state matters. */
export interface ContainerState {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** As the engine says: created, running, restarting, removing, paused, exited, dead. */
  readonly status: string;
  readonly exitCode: number;
  readonly error: string;
  readonly health?: 'starting' | 'healthy' | 'unhealthy';
  /** Output of the last health check. */
  readonly healthOutput?: string;
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

/** Each container's condition, and one `stopped` for each service that has lost its container. */
export function containerStatuses(containers: readonly ContainerState[]): ServiceStatus[] {
  const kept = containers.filter((container) => container.labels[composeLabels.oneOff] !== 'True');
  const jobs = new Set(kept.flatMap(completedDependencies));
  const found = new Set(kept.map(service));
  const expected = new Set(kept.flatMap((container) => (container.labels[labels.services] ?? '').split(',')));
  const lost = [...expected].filter((name) => name !== '' && !found.has(name));
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
  const name = service(container);
  if (status === 'running') {
    if (health === 'unhealthy') {
      const said = container.healthOutput?.trim();
      return { condition: 'unhealthy', id, reason: `service ${name} is unhealthy${said ? `: ${said}` : ''}` };
    }
    if (health === 'starting') return { condition: 'starting', id, reason: `service ${name} is not healthy yet` };
    return { condition: 'ok', id };
  }
  if (status === 'restarting') {
    const often = `restarted ${container.restarts} times`;
    return { condition: 'failed', id, reason: `service ${name} keeps ending with exit code ${exitCode} (${often})` };
  }
  if (status === 'paused') return { condition: 'stopped', id, reason: `service ${name} is paused` };
  if (status === 'created') {
    // An error here is why the engine could not start it: a port that is taken, a command that is not there.
    if (container.error !== '') return { condition: 'failed', id, reason: `service ${name}: ${container.error}` };
    return { condition: 'stopped', id, reason: `service ${name} was made but not started` };
  }
  if (status === 'exited' && exitCode === 0) {
    if (job || container.restartPolicy === 'on-failure') return { condition: 'done', id };
    return { condition: 'stopped', id, reason: `service ${name} ended (exit code 0)` };
  }
  const why = container.error === '' ? '' : `: ${container.error}`;
  return { condition: 'failed', id, reason: `service ${name} ended with exit code ${exitCode}${why}` };
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

function service(container: ContainerState): string {
  return container.labels[composeLabels.service] ?? container.id.slice(0, 12);
}

function agreed(values: readonly (string | undefined)[]): string | undefined {
  const [first, ...more] = [...new Set(values)];
  return more.length === 0 ? first : undefined;
}
