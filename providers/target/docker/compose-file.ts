import { fieldRules } from './compose-fields.js';
import { type Fields, fields, inside, list, lookup, text } from './compose-model.js';
import type { Permission, Say } from './permissions.js';

/**
 * Everything that is wrong with a component's compose file (Margo component artifact: self-contained, no bind mounts, no
 * secret files; and nothing that would make a workload the master of its device). Understands the file as written and the
 * model that Compose resolves from it. Values that are still to be interpolated are left for the latter.
 *
 * @returns one sentence for each fault, with the path in the file; none when it may be started
 */
export function composeFaults(document: unknown, allow: readonly Permission[] = []): string[] {
  const model = fields(document);
  if (model === undefined) return ['compose.yaml: must be a mapping with `services`'];
  const faults: string[] = [];
  const say = (path: string, fault: string, permission?: Permission): void => {
    if (permission === undefined) faults.push(`${path}: ${fault}`);
    else if (!allow.includes(permission)) faults.push(`${path}: ${fault} (needs \`allow: [${permission}]\`)`);
  };

  if (list(model['include']).length > 0) say('include', 'other compose files cannot be included');
  const services = Object.entries(fields(model['services']) ?? {});
  if (services.length === 0) say('services', 'at least one service is needed');
  for (const [name, service] of services) {
    const path = `services.${name}`;
    const at = fields(service);
    if (at === undefined) say(path, 'must be a mapping');
    else {
      for (const rule of fieldRules) rule(at, path, say);
      serviceVolumes(at, path, say);
    }
  }
  for (const [name, volume] of Object.entries(fields(model['volumes']) ?? {})) {
    topLevelVolume(fields(volume) ?? {}, `volumes.${name}`, name, text(model['name']), say);
  }
  for (const [name, config] of Object.entries(fields(model['configs']) ?? {})) {
    const file = lookup(config, 'file');
    // Resolved models hold absolute paths, which the written ones may not.
    if (file !== undefined && model['name'] === undefined && !inside(file)) {
      say(`configs.${name}.file`, 'must be a relative path in the archive');
    }
  }
  for (const [name, held] of Object.entries(fields(model['secrets']) ?? {})) {
    if (lookup(held, 'file') !== undefined) say(`secrets.${name}.file`, 'an archive must not hold secrets');
  }
  return faults;
}

function serviceVolumes(service: Fields, path: string, say: Say): void {
  list(service['volumes']).forEach((volume, index) => {
    const long = fields(volume);
    const source = long ? text(long['source']) : shortSource(text(volume));
    const type = long ? text(long['type']) : source !== undefined && isPath(source) ? 'bind' : 'volume';
    if (type !== 'bind' && type !== 'npipe') return;
    const at = `${path}.volumes[${index}]`;
    if (source !== undefined && /docker\.sock$|\/run$|containerd\.sock$/.test(source)) {
      say(at, `the engine's socket (${source}) must not be mounted`, 'docker-socket');
    } else say(at, `bind mounts (${source ?? 'no source'}) are not allowed; use a named volume`, 'bind-mounts');
  });
}

/** `source:target[:mode]`; without a colon it is an anonymous volume. */
function shortSource(volume: string | undefined): string | undefined {
  const colon = volume?.indexOf(':') ?? -1;
  return colon < 0 ? undefined : volume?.slice(0, colon);
}

function isPath(source: string): boolean {
  return /^[./~\\]|^[A-Za-z]:[\\/]|\//.test(source);
}

function topLevelVolume(volume: Fields, path: string, key: string, project: string | undefined, say: Say): void {
  const name = text(volume['name']);
  const foreign = name !== undefined && name !== (project === undefined ? undefined : `${project}_${key}`);
  if (foreign || (volume['external'] !== undefined && volume['external'] !== false)) {
    say(path, "volumes with a name of their own or `external` could be another application's", 'external-volumes');
  }
  const options = fields(volume['driver_opts']) ?? {};
  const device = text(options['device']);
  if (device?.startsWith('/') || /\bbind\b/.test(text(options['o']) ?? '')) {
    say(`${path}.driver_opts`, `bind mounts (${device ?? 'no device'}) are not allowed`, 'bind-mounts');
  }
}
