import Docker from 'dockerode';
import { type Health, TargetFault } from '../../../core/plugin/index.js';
import { labels } from './project.js';
import type { ContainerState } from './status.js';

/** Where the engine listens, from the profile or from the environment as the `docker` program reads it. */
export function engineAddress(socket: string | undefined, dockerHost: string | undefined): string {
  if (socket !== undefined) return `unix://${socket}`;
  return dockerHost !== undefined && dockerHost !== '' ? dockerHost : 'unix:///var/run/docker.sock';
}

/** The engine's API, and what we last knew of the engine. All calls reject with {@link TargetFault} alone. */
export class Engine {
  readonly #client: Docker;
  #fault: string | undefined;

  constructor(
    /** As in DOCKER_HOST. */
    readonly address: string,
    private readonly owner: string,
  ) {
    this.#client = new Docker(
      address.startsWith('unix://') ? { socketPath: address.slice('unix://'.length) } : tcp(address),
    );
  }

  health(): Health {
    return this.#fault === undefined ? { status: 'ok' } : { status: 'degraded', reason: this.#fault };
  }

  /** One call of the API. Keeps whether the engine answered. */
  async call<T>(work: (client: Docker) => Promise<T>): Promise<T> {
    try {
      const answer = await work(this.#client);
      this.#fault = undefined;
      return answer;
    } catch (error) {
      throw this.fault(error);
    }
  }

  fault(error: unknown): TargetFault {
    if (error instanceof TargetFault) return error;
    const status = (error as { statusCode?: unknown }).statusCode;
    const message = error instanceof Error ? error.message : String(error);
    if (typeof status === 'number') {
      return new TargetFault('platform', `the Docker engine refused: ${message}`, status >= 500, { cause: error });
    }
    this.#fault = `the Docker engine at ${this.address} does not answer: ${message}`;
    return new TargetFault('platform', this.#fault, true, { cause: error });
  }

  /** Containers that we made: of one project, or all of them. */
  async containers(where: { readonly project?: string } = {}): Promise<ContainerState[]> {
    const filters = {
      label: [
        `${labels.owner}=${this.owner}`,
        ...(where.project === undefined ? [] : [`com.docker.compose.project=${where.project}`]),
      ],
    };
    return this.call(async (client) => {
      const found = await client.listContainers({ all: true, filters });
      const states = await Promise.all(found.map(({ Id }) => inspect(client, Id)));
      return states.filter((state) => state !== undefined);
    });
  }
}

/** `undefined` when the container went away since it was listed. */
async function inspect(client: Docker, id: string): Promise<ContainerState | undefined> {
  try {
    const { State, Config, HostConfig, RestartCount } = await client.getContainer(id).inspect();
    const health = State.Health?.Status;
    return {
      id,
      labels: Config.Labels,
      status: State.Status,
      exitCode: State.ExitCode,
      error: State.Error,
      ...((health === 'starting' || health === 'healthy' || health === 'unhealthy') && { health }),
      ...(State.Health && { healthOutput: State.Health.Log?.at(-1)?.Output ?? '' }),
      restartPolicy: HostConfig.RestartPolicy?.Name ?? '',
      restarts: RestartCount,
    };
  } catch (error) {
    if ((error as { statusCode?: unknown }).statusCode === 404) return undefined;
    throw error;
  }
}

function tcp(address: string): Docker.DockerOptions {
  const { hostname, port } = new URL(address);
  return { host: hostname, port: port === '' ? 2375 : Number(port) };
}
