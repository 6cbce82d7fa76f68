import type { ArtifactRegistry, Lifecycle, z } from '../../core/plugin/index.js';
import { testContext } from '../../core/testing/index.js';
import type { harborConfig } from '../../providers/registry/harbor/config.js';
import registryHarbor from '../../providers/registry/harbor/index.js';
import { HarborApi } from '../../providers/shared/harbor/index.js';
import { Authorization, Endpoints, ociConfig, Transport } from '../../providers/shared/oci/index.js';
import { TestClock } from '../registry/client.js';

export interface Client {
  readonly registry: ArtifactRegistry;
  stop(): Promise<void>;
}

/** `registry.harbor` as the host makes it. */
export async function harborClient(config: z.input<typeof harborConfig>, clock = new TestClock()): Promise<Client> {
  const context = await testContext<ArtifactRegistry & Lifecycle>(registryHarbor, { config, clock });
  return { registry: context.instance, stop: () => context.dispose() };
}

type Entry = z.input<typeof ociConfig>['registries'];

/** The client of the API alone. */
export function harborApi(entry: NonNullable<Entry>[number], clock = new TestClock()) {
  const config = ociConfig.parse({ registries: [entry], timeouts: { connect: 1, answer: 0.5, idle: 0.5 } });
  const endpoints = new Endpoints(config, (path) => path);
  const transport = new Transport(new Authorization(clock, config.timeouts.answer), clock, config);
  const api = new HarborApi(transport, endpoints.find(new URL(entry.url).host), config.timeouts);
  return { api, clock, stop: () => endpoints.close() };
}

export async function collect<T>(items: AsyncIterable<T> | Iterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of items) all.push(each);
  return all;
}
