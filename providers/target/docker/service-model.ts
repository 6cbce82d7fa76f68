import { type Fields, fields, list, lookup, text } from './compose-model.js';

/** What of a service decides how it is started. */
export interface ServiceModel {
  readonly name: string;
  /** None where the image is built. */
  readonly image?: string;
  /** Whether a new revision asks the registry what the image is, even if the engine has one of that name. */
  readonly pullAlways: boolean;
  /** Whether old and new containers may run beside each other. */
  readonly startFirst: boolean;
  readonly replicas: number;
}

/** The services of the model that Compose resolved. */
export function serviceModels(resolved: unknown): ServiceModel[] {
  const services = Object.entries(fields(lookup(resolved, 'services')) ?? {}).map(
    ([name, service]): [string, Fields] => [name, fields(service) ?? {}],
  );
  const joined = new Set(services.flatMap(([, service]) => joinedTo(service)));
  return services.map(([name, service]) => {
    const image = service['build'] === undefined ? text(service['image']) : undefined;
    return {
      name,
      ...(image !== undefined && { image }),
      pullAlways: service['pull_policy'] === 'always',
      startFirst: mayRunTwice(service) && !joined.has(name),
      replicas: numeric(lookup(service['deploy'], 'replicas')) ?? numeric(service['scale']) ?? 1,
    };
  });
}

/**
 * Its author says so (`deploy.update_config.order`, as for a swarm), and nothing of it can be there only once: a name, an
 * address, a port of the device.
 */
function mayRunTwice(service: Fields): boolean {
  const deploy = fields(service['deploy']);
  if (lookup(deploy?.['update_config'], 'order') !== 'start-first' || deploy?.['mode'] === 'global') return false;
  if (service['container_name'] !== undefined || service['mac_address'] !== undefined) return false;
  if (service['network_mode'] === 'host') return false;
  if (list(service['ports']).some((port) => isTaken(lookup(port, 'published')))) return false;
  return !Object.values(fields(service['networks']) ?? {}).some((attached) =>
    ['ipv4_address', 'ipv6_address', 'mac_address'].some((key) => lookup(attached, key) !== undefined),
  );
}

const isTaken = (published: unknown): boolean => published !== undefined && !['', '0', 0].includes(published as string);

/** Services whose namespaces or volumes this one shares: they cannot go without it. */
function joinedTo(service: Fields): string[] {
  const shared = ['network_mode', 'ipc', 'pid', 'cgroup', 'uts'].map((key) => text(service[key]) ?? '');
  const namespaces = shared
    .filter((value) => value.startsWith('service:'))
    .map((value) => value.slice('service:'.length));
  const volumes = list(service['volumes_from']).map((from) => (text(from) ?? '').split(':', 1)[0] ?? '');
  return [...namespaces, ...volumes];
}

function numeric(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
