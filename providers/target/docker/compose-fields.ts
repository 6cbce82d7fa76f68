import { type Fields, fields, inside, list, lookup, text } from './compose-model.js';
import type { Say } from './permissions.js';

type Rule = (service: Fields, path: string, say: Say) => void;

const namespaces = ['network_mode', 'pid', 'ipc', 'uts', 'userns_mode', 'cgroup'];

/** What a service must not say, field by field. */
export const fieldRules: readonly Rule[] = [
  (service, path, say) => {
    const value = service['privileged'];
    if (value !== undefined && value !== false && !pending(value)) {
      say(`${path}.privileged`, 'a privileged container owns the device', 'privileged');
    }
  },
  (service, path, say) => {
    for (const field of namespaces) {
      const value = text(service[field]);
      if (value === 'host') say(`${path}.${field}`, "the device's own namespace", 'host-namespaces');
      else if (value?.startsWith('container:')) {
        say(`${path}.${field}`, 'the namespace of a container outside of the component', 'host-namespaces');
      }
    }
  },
  (service, path, say) => {
    for (const field of ['devices', 'device_cgroup_rules', 'gpus', 'blkio_config']) {
      if (present(service[field])) say(`${path}.${field}`, 'devices', 'devices');
    }
    const reserved = lookup(lookup(lookup(service['deploy'], 'resources'), 'reservations'), 'devices');
    if (present(reserved)) say(`${path}.deploy.resources.reservations.devices`, 'devices', 'devices');
  },
  (service, path, say) => {
    if (present(service['cap_add'])) say(`${path}.cap_add`, 'added capabilities', 'capabilities');
  },
  (service, path, say) => {
    const harmless = /^no-new-privileges([:=]true)?$/;
    const options = list(service['security_opt']).filter((option) => !harmless.test(text(option) ?? ''));
    if (options.length > 0) say(`${path}.security_opt`, 'weakened isolation', 'security-options');
    for (const field of ['cgroup_parent', 'runtime', 'credential_spec']) {
      if (present(service[field])) say(`${path}.${field}`, 'weakened isolation', 'security-options');
    }
  },
  (service, path, say) => {
    if (service['use_api_socket'] === true) say(`${path}.use_api_socket`, "the engine's socket", 'docker-socket');
    for (const from of list(service['volumes_from'])) {
      if (text(from)?.startsWith('container:')) {
        say(`${path}.volumes_from`, 'volumes of a container outside of the component', 'external-volumes');
      }
    }
  },
  (service, path, say) => {
    if (present(service['build'])) say(`${path}.build`, 'images come from a registry, not from a build', 'build');
    if (present(lookup(service['extends'], 'file'))) say(`${path}.extends.file`, 'other compose files cannot be used');
  },
  (service, path, say) => {
    for (const field of ['env_file', 'label_file']) {
      for (const file of list(service[field])) {
        const name = fields(file) ? lookup(file, 'path') : file;
        if (!inside(name)) say(`${path}.${field}`, `${String(name)} must be a relative path in the archive`);
      }
    }
  },
];

function present(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false;
  return Array.isArray(value) ? value.length > 0 : true;
}

/** Still to be interpolated: judged in the resolved model. */
function pending(value: unknown): boolean {
  return typeof value === 'string' && value.includes('$');
}
