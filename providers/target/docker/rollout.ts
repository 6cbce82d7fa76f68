import type { Clock } from '../../../core/plugin/index.js';
import { withDeadline } from '../../../core/work/index.js';
import type { Login } from '../../shared/logins/index.js';
import type { ComposeCli } from './compose-cli.js';
import type { Engine } from './engine.js';
import { composeLabels, labels } from './project.js';
import type { Revision } from './revision.js';
import type { ServiceModel } from './service-model.js';
import { lateStart, type Start, watchedStart } from './start-watch.js';
import { type ContainerState, service } from './status.js';

/** What is needed to start a project's revisions. */
export interface Rollout {
  readonly engine: Engine;
  readonly compose: ComposeCli;
  readonly clock: Clock;
  readonly logins: readonly Login[];
  readonly project: string;
  /** The component's name, for people. */
  readonly name: string;
  readonly owner: string;
  /** As {@link Start.settle}. */
  readonly settle: number;
  readonly wait: boolean;
  /** Milliseconds until a start counts as failed. */
  readonly timeout: number;
  /** Where the running compose program is noted. */
  readonly note: string;
  readonly signal: AbortSignal;
}

/**
 * Has Compose make a project as a revision says, each service in place: the old container goes, then the new one comes.
 *
 * @throws TargetFault as {@link watchedStart}, and `timeout`
 */
export async function startInPlace(revision: Revision, on: Rollout): Promise<void> {
  await retireOthers(revision, on);
  await started(on, startOf(revision, on), (signal) => up(revision, ['--remove-orphans'], on, signal));
}

/**
 * As {@link startInPlace}, but for services that may run twice: their new containers come up beside the old ones, which go
 * only when everything else of the revision runs. Services in place come first, since others tend to build on them.
 */
export async function startBeside(
  revision: Revision,
  beside: readonly ServiceModel[],
  services: readonly ServiceModel[],
  on: Rollout,
): Promise<void> {
  const rest = services.filter((each) => !beside.includes(each));
  const start = (of: readonly ServiceModel[]): Start => ({ ...startOf(revision, on), services: namesOf(of) });
  if (rest.length > 0) {
    await started(on, start(rest), (signal) => up(revision, ['--no-deps', ...namesOf(rest)], on, signal));
  }
  const old = await othersOf(revision, on);
  const scales = beside.flatMap(({ name, replicas }) => {
    const olds = old.filter((container) => service(container) === name).length;
    return ['--scale', `${name}=${olds + replicas}`];
  });
  const args = ['--no-deps', '--no-recreate', ...scales, ...namesOf(beside)];
  await started(on, start(beside), (signal) => up(revision, args, on, signal));
  await startInPlace(revision, on);
}

/** Those of the services that can be started beside what runs of them now. */
export async function besideOthers(
  revision: Revision,
  services: readonly ServiceModel[],
  on: Rollout,
): Promise<ServiceModel[]> {
  const old = await othersOf(revision, on);
  const running = new Set(old.filter(({ status }) => status === 'running').map(service));
  return services.filter(({ name, startFirst }) => startFirst && running.has(name));
}

const namesOf = (services: readonly ServiceModel[]): Set<string> => new Set(services.map(({ name }) => name));

function startOf({ applied }: Revision, { project, owner, wait, settle }: Rollout): Start {
  return { project, applied, owner, wait, settle };
}

function started(on: Rollout, start: Start, work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const { engine, clock, signal, timeout: milliseconds, name } = on;
  const late = () => lateStart(engine, start, `${name} does not run after ${milliseconds / 1000} s`);
  return withDeadline({ clock, milliseconds, signal, late }, (limited) =>
    watchedStart(engine, start, clock, limited, work),
  );
}

function up(revision: Revision, args: readonly string[], on: Rollout, signal: AbortSignal): Promise<string> {
  const { options, directory } = revision;
  const { compose, logins, note } = on;
  return compose.run([...options, 'up', '--detach', '--quiet-pull', ...args], { signal, logins, directory, note });
}

/** Containers that are another revision's. */
async function othersOf({ applied }: Revision, { engine, project }: Rollout): Promise<ContainerState[]> {
  return (await engine.containers({ project })).filter(
    (container) => container.labels[labels.applied] !== applied && container.labels[composeLabels.oneOff] !== 'True',
  );
}

/** Ends what runs beside the containers of a revision: Compose would choose among them by their numbers. */
async function retireOthers(revision: Revision, on: Rollout): Promise<void> {
  const { engine, project, signal } = on;
  const containers = await engine.containers({ project });
  const present = new Set(
    containers.filter((container) => container.labels[labels.applied] === revision.applied).map(service),
  );
  const others = (await othersOf(revision, on)).filter((container) => present.has(service(container)));
  await Promise.all(
    others.map(async ({ id }) => {
      await engine.lasting((client) => client.getContainer(id).stop({ abortSignal: signal }).catch(alreadySo));
      await engine.lasting((client) => client.getContainer(id).remove({ force: true }).catch(alreadySo));
    }),
  );
}

/** Stopped (304), or gone (404). */
function alreadySo(error: unknown): void {
  const { statusCode } = error as { statusCode?: unknown };
  if (statusCode !== 304 && statusCode !== 404) throw error;
}
