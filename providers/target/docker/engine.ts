import Docker from 'dockerode';
import { type Clock, type Health, TargetFault } from '../../../core/plugin/index.js';
import { clientOptions, type EnginePlace } from './engine-place.js';
import { labels } from './project.js';
import type { ContainerState } from './status.js';

export interface EngineSettings {
  readonly place: EnginePlace;
  readonly owner: string;
  /** Milliseconds that a call may take. */
  readonly timeout: number;
  readonly clock: Clock;
}

/** The engine's API, and what we last knew of the engine. All calls reject with {@link TargetFault} alone. */
export class Engine {
  #client: Promise<Docker> | undefined;
  #fault: string | undefined;

  constructor(private readonly settings: EngineSettings) {}

  health(): Health {
    return this.#fault === undefined ? { status: 'ok' } : { status: 'degraded', reason: this.#fault };
  }

  /** One call of the API, which may not take long. Keeps whether the engine answered. */
  call<T>(work: (client: Docker) => Promise<T>): Promise<T> {
    return this.lasting((client) => this.#prompt(work(client)));
  }

  /** A call that may take as long as it takes: events, pulls, the end of a container. */
  async lasting<T>(work: (client: Docker) => Promise<T>): Promise<T> {
    try {
      this.#client ??= clientOptions(this.settings.place).then((options) => new Docker(options));
      const answer = await work(await this.#client);
      this.#fault = undefined;
      return answer;
    } catch (error) {
      throw this.fault(error);
    }
  }

  /** A call about one thing. @returns `undefined` where the engine has it not */
  found<T>(work: (client: Docker) => Promise<T>): Promise<T | undefined> {
    return this.call((client) => work(client).catch(nothingIfAbsent));
  }

  fault(error: unknown): TargetFault {
    if (error instanceof TargetFault) return error;
    const status = (error as { statusCode?: unknown }).statusCode;
    const message = error instanceof Error ? error.message : String(error);
    if (typeof status === 'number') {
      return new TargetFault('platform', `the Docker engine refused: ${message}`, status >= 500, { cause: error });
    }
    this.#fault = `the Docker engine at ${this.settings.place.address} does not answer: ${message}`;
    // Certificates may have been renewed: they are read again with the next call.
    this.#client = undefined;
    return new TargetFault('platform', this.#fault, true, { cause: error });
  }

  /** Containers that we made: of one project, or all of them. */
  async containers(where: { readonly project?: string } = {}): Promise<ContainerState[]> {
    const filters = {
      label: [
        `${labels.owner}=${this.settings.owner}`,
        ...(where.project === undefined ? [] : [`com.docker.compose.project=${where.project}`]),
      ],
    };
    return this.call(async (client) => {
      const found = await client.listContainers({ all: true, filters });
      const states = await Promise.all(found.map(({ Id }) => inspect(client, Id)));
      return states.filter((state) => state !== undefined);
    });
  }

  /** Of an answer that breaks off in the middle the client library never tells. */
  async #prompt<T>(answer: Promise<T>): Promise<T> {
    const { clock, timeout } = this.settings;
    const done = new AbortController();
    const overdue = clock.delay(timeout, done.signal).then(() => {
      throw new Error(`no whole answer within ${timeout / 1000} s`);
    });
    try {
      return await Promise.race([answer, overdue]);
    } finally {
      done.abort();
      overdue.catch(() => undefined);
    }
  }
}

/** `undefined` when the container went away since it was listed. */
async function inspect(client: Docker, id: string): Promise<ContainerState | undefined> {
  const found = await client.getContainer(id).inspect().catch(nothingIfAbsent);
  if (found === undefined) return undefined;
  const { Name, State, Config, HostConfig, RestartCount } = found;
  const health = State.Health?.Status;
  return {
    id,
    name: Name.replace(/^\//, ''),
    labels: Config.Labels,
    status: State.Status,
    exitCode: State.ExitCode,
    error: State.Error,
    startedAt: State.StartedAt,
    finishedAt: State.FinishedAt,
    ...((health === 'starting' || health === 'healthy' || health === 'unhealthy') && { health }),
    ...(State.Health && { healthOutput: State.Health.Log?.at(-1)?.Output ?? '' }),
    ...sinceWhen(State.Health?.Log ?? []),
    restartPolicy: HostConfig.RestartPolicy?.Name ?? '',
    restarts: RestartCount,
  };
}

/** Of the failed checks at the end of the engine's list, which holds the newest ones alone. */
function sinceWhen(
  checks: readonly { readonly Start: string; readonly ExitCode: number }[],
): Pick<ContainerState, 'unhealthySince'> {
  const first = checks.slice(checks.findLastIndex(({ ExitCode }) => ExitCode === 0) + 1)[0];
  return first === undefined ? {} : { unhealthySince: new Date(first.Start).toISOString() };
}

function nothingIfAbsent(error: unknown): undefined {
  if ((error as { statusCode?: unknown }).statusCode !== 404) throw error;
}
