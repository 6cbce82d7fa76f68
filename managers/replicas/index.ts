import { ref } from '../../core/ports/index.js';

/** Nobody calls it: a host that is none of the replicas on its state does not start. */
export const ReplicaManager = ref<object>('manager.replicas');
