import { TargetFault } from '../../../core/plugin/index.js';
import type { Cluster } from './cluster.js';
import type { ComponentState } from './component-status.js';
import type { KubernetesObject } from './kubernetes.js';

/** Lines of output that go with a reason. */
const tail = 5;

/**
 * A component's reason with what only further questions tell: the newest warning about an object that says nothing itself,
 * the last lines of a container that ended. It is asked for what is not as it should be alone.
 */
export async function explanation(
  cluster: Cluster,
  state: ComponentState,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { phase, reason, output, unexplained } = state;
  if (phase === 'running') return undefined;
  const warning = unexplained === undefined ? undefined : await newestWarning(cluster, unexplained, signal);
  const lines = output === undefined ? [] : await lastLines(cluster, output, tail, signal);
  const said = lines.length === 0 ? '' : `; it said last:\n${lines.join('\n')}`;
  const why = warning === undefined ? reason : `${reason === undefined ? '' : `${reason}: `}${warning}`;
  return why === undefined && said === '' ? undefined : `${why ?? 'it does not run'}${said}`;
}

/** What the cluster complains of: a volume that cannot be mounted, a probe that fails, a quota that is used up. */
async function newestWarning(
  cluster: Cluster,
  { metadata }: KubernetesObject,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const { namespace = 'default', uid } = metadata;
  if (uid === undefined) return undefined;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`;
  const fieldSelector = `involvedObject.uid=${uid},type=Warning`;
  return perhaps(signal, async () => {
    const { items } = await cluster.list(path, { fieldSelector, signal });
    const newest = items.toSorted((a, b) => (lastSeen(a) < lastSeen(b) ? 1 : -1))[0];
    return newest === undefined ? undefined : `${String(newest['reason'])}: ${String(newest['message'])}`;
  });
}

function lastSeen(event: KubernetesObject): string {
  return String(event['lastTimestamp'] ?? event['eventTime'] ?? event.metadata.creationTimestamp ?? '');
}

async function lastLines(
  cluster: Cluster,
  output: NonNullable<ComponentState['output']>,
  lines: number,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const text = await perhaps(signal, () => cluster.log({ ...output, lines, signal }));
  return (text ?? '').split('\n').filter((line) => line.trim() !== '');
}

/** A reason without its details is better than none: a container's output may be gone, a node away, a right missing. */
async function perhaps<T>(signal: AbortSignal | undefined, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof TargetFault) return undefined;
    throw error;
  }
}
