import { fields, text } from './compose-model.js';
import {
  absent,
  anything,
  fileInside,
  named,
  off,
  oneOf,
  only,
  ownName,
  pending,
  type Resolved,
  type Rule,
} from './compose-rules.js';
import { serviceRule } from './compose-service.js';
import type { Permission } from './permissions.js';

/**
 * Everything that is wrong with a component's compose file (Margo component artifact: self-contained, no bind mounts, no
 * secret files; and nothing that would make a workload the master of its device). What it may say is listed, key by key;
 * everything else is refused. Understands the file as written and the model that Compose resolves from it. Values that
 * are still to be interpolated are left for the latter.
 *
 * @param resolved given with the model that Compose made, and only then
 * @returns one sentence for each fault, with the path in the file; none when it may be started
 */
export function composeFaults(document: unknown, allow: readonly Permission[] = [], resolved?: Resolved): string[] {
  const model = fields(document);
  if (model === undefined) return ['compose.yaml: must be a mapping with `services`'];
  const faults: string[] = [];
  const say = (path: string, fault: string, permission?: Permission): void => {
    if (permission === undefined) faults.push(`${path}: ${fault}`);
    else if (!allow.includes(permission)) faults.push(`${path}: ${fault} (needs \`allow: [${permission}]\`)`);
  };
  const services = new Set(Object.keys(fields(model['services']) ?? {}));
  if (services.size === 0) say('services', 'at least one service is needed');
  file(model, '', { say, resolved, services });
  return faults;
}

/** As `only`, but nothing is not a service. */
const service: Rule = (value, path, scope) => {
  if (value === undefined || value === null) scope.say(path, 'must be a mapping');
  else serviceRule(value, path, scope);
};

const foreignVolume = "volumes with a name of their own or `external` could be another application's";
const foreignNetwork = "networks with a name of their own or `external` could be another application's";
const ownDriver = 'only the network driver `bridge` keeps to the component';

/** Flags of mount(2) that make a mount of whatever type one of something that is there already. */
const mountFlags = /^(r?bind|r?shared|r?slave|r?private|move|remount)$/;

/** What the `local` driver mounts: memory, or with a permission a share or a directory of the device. */
const driverOptions: Rule = (value, path, scope) => {
  const options = fields(value);
  if (options === undefined || Object.keys(options).length === 0) return;
  if (Object.values(options).some((held) => pending(held, scope))) return;
  const type = text(options['type']) ?? '';
  const flags = (text(options['o']) ?? '').split(',');
  if (flags.some((flag) => mountFlags.test(flag.trim())) || !/^(tmpfs|nfs4?|cifs)$/.test(type)) {
    const device = text(options['device']) ?? 'no device';
    scope.say(path, `bind mounts (${device}) are not allowed`, 'bind-mounts');
  } else if (type !== 'tmpfs') scope.say(path, 'data outside of the device', 'external-volumes');
};

const volume = (key: string): Rule =>
  only({
    driver: oneOf((driver) => driver === 'local', 'only the volume driver `local` can be used', 'external-volumes'),
    driver_opts: driverOptions,
    external: off(foreignVolume, 'external-volumes'),
    labels: anything,
    name: ownName(key, foreignVolume, 'external-volumes'),
  });

const network = (key: string): Rule =>
  only({
    attachable: anything,
    driver: oneOf((driver) => driver === 'bridge', ownDriver, 'external-networks'),
    // They can name a bridge that is there already.
    driver_opts: (value, path, { say }) => {
      for (const option of Object.keys(fields(value) ?? {})) {
        if (option !== 'com.docker.network.driver.mtu') say(`${path}.${option}`, ownDriver, 'external-networks');
      }
    },
    enable_ipv4: anything,
    enable_ipv6: anything,
    external: off(foreignNetwork, 'external-networks'),
    internal: anything,
    ipam: only({
      config: anything,
      driver: oneOf((driver) => driver === 'default', ownDriver, 'external-networks'),
    }),
    labels: anything,
    name: ownName(key, foreignNetwork, 'external-networks'),
  });

const external = off('nothing outside of the component can be used');

const file = only({
  configs: named(() => only({ content: anything, environment: anything, external, file: fileInside, name: anything })),
  include: absent('other compose files cannot be included'),
  name: anything,
  networks: named(network),
  secrets: named(() =>
    only({
      environment: anything,
      external,
      file: (value, path, { say }) => {
        if (value !== undefined) say(path, 'an archive must not hold secrets');
      },
      name: anything,
    }),
  ),
  services: named(() => service),
  version: anything,
  volumes: named(volume),
});
