import { allOf } from '../../core/mirror/index.js';
import type { StateEvent, StateProvider } from '../../core/ports/index.js';
import type { InstanceQuery, InstanceRecord } from './index.js';
import { indexFor, instances, type StoredInstance, view } from './record.js';

/** The present instances, then every change, without a gap and without a repetition. */
export function watchInstances(
  state: StateProvider,
  query: Pick<InstanceQuery, 'clientId'>,
  signal: AbortSignal,
): AsyncIterable<InstanceRecord> {
  const over = new AbortController();
  // Registered now, before anything is read: a change in between is told twice, and the second time left out.
  const changes = state.watch(instances, AbortSignal.any([signal, over.signal]));
  return follow(state, query, changes, signal, () => over.abort());
}

interface Told {
  readonly revision: number;
  readonly record: InstanceRecord;
}

async function* follow(
  state: StateProvider,
  query: Pick<InstanceQuery, 'clientId'>,
  changes: AsyncIterable<StateEvent<StoredInstance>>,
  signal: AbortSignal,
  finish: () => void,
): AsyncGenerator<InstanceRecord, void, undefined> {
  // By id: a deletion is told as the last state of what has gone.
  const told = new Map<string, Told>();
  try {
    for await (const { key, revision, value } of allOf(state, instances, indexFor(query))) {
      if (signal.aborted) return;
      const record = view(value);
      told.set(key, { revision, record });
      yield record;
    }
    for await (const change of changes) {
      const last = told.get(change.key);
      if (last && change.revision <= last.revision) continue;
      if (change.kind === 'put') {
        if (query.clientId !== undefined && change.value.clientId !== query.clientId) continue;
        const record = view(change.value);
        told.set(change.key, { revision: change.revision, record });
        yield record;
      } else if (last) {
        told.delete(change.key);
        yield { ...last.record, state: 'REMOVED' };
      }
    }
  } finally {
    finish();
  }
}
