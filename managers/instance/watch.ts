import { allOf } from '../../core/mirror/index.js';
import { type StateEvent, StateFault, type StateProvider } from '../../core/ports/index.js';
import type { InstanceQuery, InstanceRecord } from './index.js';
import { indexFor, instances, type StoredInstance, view } from './record.js';

/** The present instances, then every change, without a gap and without a repetition. */
export function watchInstances(
  state: StateProvider,
  query: Pick<InstanceQuery, 'clientId'>,
  signal: AbortSignal,
): AsyncIterable<InstanceRecord> {
  const over = new AbortController();
  const watch = (): AsyncIterable<StateEvent<StoredInstance>> =>
    state.watch(instances, AbortSignal.any([signal, over.signal]));
  // Registered now, before anything is read: a change in between is told twice, and the second time left out.
  return follow({ state, query, signal, first: watch(), watch, finish: () => over.abort() });
}

interface Told {
  readonly revision: number;
  readonly record: InstanceRecord;
}

interface Following {
  readonly state: StateProvider;
  readonly query: Pick<InstanceQuery, 'clientId'>;
  readonly signal: AbortSignal;
  readonly first: AsyncIterable<StateEvent<StoredInstance>>;
  readonly watch: () => AsyncIterable<StateEvent<StoredInstance>>;
  readonly finish: () => void;
}

async function* follow({ first, watch, signal, finish, ...of }: Following): AsyncGenerator<InstanceRecord> {
  // By id: a deletion is told as the last state of what has gone.
  const told = new Map<string, Told>();
  try {
    for (let changes = first; !signal.aborted; changes = watch()) {
      yield* present(told, signal, of);
      if (signal.aborted) return;
      try {
        yield* changed(told, changes, of.query);
        return;
      } catch (error) {
        // Changes were missed or undone: what is there now is compared with what was told.
        if (!(error instanceof StateFault) || error.reason !== 'history') throw error;
      }
    }
  } finally {
    finish();
  }
}

async function* present(
  told: Map<string, Told>,
  signal: AbortSignal,
  { state, query }: Pick<Following, 'state' | 'query'>,
): AsyncGenerator<InstanceRecord> {
  const gone = new Set(told.keys());
  for await (const { key, revision, value } of allOf(state, instances, indexFor(query))) {
    if (signal.aborted) return;
    gone.delete(key);
    if (told.get(key)?.revision === revision) continue;
    yield tell(told, key, revision, value);
  }
  for (const key of gone) yield* removed(told, key);
}

async function* changed(
  told: Map<string, Told>,
  changes: AsyncIterable<StateEvent<StoredInstance>>,
  query: Following['query'],
): AsyncGenerator<InstanceRecord> {
  for await (const change of changes) {
    const last = told.get(change.key);
    if (last && change.revision <= last.revision) continue;
    if (change.kind === 'delete') yield* removed(told, change.key);
    else if (query.clientId === undefined || change.value.clientId === query.clientId) {
      yield tell(told, change.key, change.revision, change.value);
    }
  }
}

function tell(told: Map<string, Told>, key: string, revision: number, value: StoredInstance): InstanceRecord {
  const record = view(value);
  told.set(key, { revision, record });
  return record;
}

function* removed(told: Map<string, Told>, key: string): Generator<InstanceRecord> {
  const last = told.get(key);
  if (!last) return;
  told.delete(key);
  yield { ...last.record, state: 'REMOVED' };
}
