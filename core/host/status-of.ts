import type { Binding } from '../plugin/definition.js';
import { healthOf } from './health-of.js';
import { offeredOperations } from './offered.js';
import type { Running } from './reload.js';
import type { HostStatus, Phase } from './status.js';

/** The status of a host, as it is whenever it is asked for. */
export function statusOf(version: string, running: () => Running, phase: () => Phase): HostStatus {
  return {
    profile: running().profile.name,
    version,
    phase,
    entries: () => {
      const { profile, nodes, failed } = running();
      const instances = new Map(nodes.map(({ name, instance }) => [name, instance]));
      return profile.entries.flatMap(({ name, definition: { type } }) => {
        const instance = instances.get(name);
        const reason = failed.get(name);
        if (reason !== undefined) return [{ name, type, health: { status: 'failed', reason } }];
        return instance ? [{ name, type, health: healthOf(instance) }] : [];
      });
    },
    addresses: () => {
      const { profile, nodes } = running();
      const bindings = new Set(profile.entries.filter(({ slot }) => slot === 'bindings').map(({ name }) => name));
      return nodes
        .filter(({ name }) => bindings.has(name))
        .flatMap(({ instance }) => (instance as Binding).addresses());
    },
    operations: () => {
      const { profile, nodes } = running();
      return offeredOperations(profile, (entry) => nodes.find(({ name }) => name === entry)?.instance);
    },
  };
}
