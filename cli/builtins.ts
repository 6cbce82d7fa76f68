import { shippedModule } from '../core/isolation/shipped.js';
import type { LazyPlugin } from '../core/plugin/registry.js';

/**
 * What Tutti brings along: nothing in the host knows these names. A module is imported when a profile names its type,
 * so that an agent never loads what only a fleet manager needs.
 */
export const builtins: LazyPlugin = {
  name: 'tutti',
  module: shippedModule('cli/builtins'),
  definitions: {
    'state.memory': async () => (await import('../providers/state/memory/index.js')).default,
    'state.sqlite': async () => (await import('../providers/state/sqlite/index.js')).default,
    'state.redis': async () => (await import('../providers/state/redis/index.js')).default,
    'events.memory': async () => (await import('../providers/events/memory/index.js')).default,
    'events.redis': async () => (await import('../providers/events/redis/index.js')).default,
    'lock.memory': async () => (await import('../providers/lock/memory/index.js')).default,
    'lock.redis': async () => (await import('../providers/lock/redis/index.js')).default,
    'queue.memory': async () => (await import('../providers/queue/memory/index.js')).default,
    'queue.redis': async () => (await import('../providers/queue/redis/index.js')).default,
    'secret.file': async () => (await import('../providers/secret/file/index.js')).default,
    'credentials.harbor': async () => (await import('../providers/credentials/harbor/index.js')).default,
    'pull-credentials.wfm': async () => (await import('../providers/pull-credentials/wfm/index.js')).default,
    'registry.harbor': async () => (await import('../providers/registry/harbor/index.js')).default,
    'registry.oci': async () => (await import('../providers/registry/oci/index.js')).default,
    'target.process': async () => (await import('../providers/target/process/index.js')).default,
    'target.docker': async () => (await import('../providers/target/docker/index.js')).default,
    'target.k3s': async () => (await import('../providers/target/k3s/index.js')).default,
    'target.mock': async () => (await import('../providers/target/mock/index.js')).default,
    'transport.grpc': async () => (await import('../providers/transport/grpc/index.js')).default,
    'transport.http': async () => (await import('../providers/transport/http/index.js')).default,
    'broker.aedes': async () => (await import('../providers/broker/aedes/index.js')).default,
    'transport.mqtt': async () => (await import('../providers/transport/mqtt/index.js')).default,
    'wfm.signed': async () => (await import('../providers/wfm/signed/index.js')).default,
    'manager.access': async () => (await import('../managers/access/definition.js')).default,
    'manager.catalog': async () => (await import('../managers/catalog/definition.js')).default,
    'manager.credentials': async () => (await import('../managers/credentials/definition.js')).default,
    'manager.device': async () => (await import('../managers/device/definition.js')).default,
    'manager.placement': async () => (await import('../managers/placement/manager.js')).default,
    'manager.intake': async () => (await import('../managers/intake/definition.js')).default,
    'manager.manifest': async () => (await import('../managers/manifest/definition.js')).default,
    'manager.solution': async () => (await import('../managers/solution/definition.js')).default,
    'manager.instance': async () => (await import('../managers/instance/definition.js')).default,
    'manager.reconcile': async () => (await import('../managers/reconcile/definition.js')).default,
    'manager.replicas': async () => (await import('../managers/replicas/definition.js')).default,
    'manager.sync': async () => (await import('../managers/sync/definition.js')).default,
    'vendor.agent': async () => (await import('../vendors/agent/index.js')).default,
    'vendor.device-signed': async () => (await import('../vendors/device-signed/index.js')).default,
    'vendor.harbor-webhook': async () => (await import('../vendors/harbor-webhook/index.js')).default,
    'vendor.operator': async () => (await import('../vendors/operator/index.js')).default,
    'vendor.oci-registry': async () => (await import('../vendors/oci-registry/index.js')).default,
    'vendor.system': async () => (await import('../vendors/system/index.js')).default,
    'binding.grpc': async () => (await import('../vendors/grpc/index.js')).default,
    'binding.http': async () => (await import('../vendors/http/index.js')).default,
    'binding.mqtt': async () => (await import('../vendors/mqtt/index.js')).default,
  },
};

export default builtins;
