import { type Clock, TargetFault, z } from '../../../core/plugin/index.js';
import { backoff } from '../../../core/work/index.js';
import { ApiFault, hasStatus } from './api-fault.js';
import type { Cluster } from './cluster.js';
import type { KubernetesObject } from './kubernetes.js';

/** What became of a list: all of it anew, for nobody knows what happened before, or one object that is another or gone. */
export type ListChange =
  | { readonly kind: 'listed'; readonly objects: readonly KubernetesObject[] }
  | { readonly kind: 'changed' | 'gone'; readonly object: KubernetesObject };

export interface Following {
  /** Asked for at each listing where it depends on what the cluster serves. */
  readonly path: string | ((signal: AbortSignal) => Promise<string>);
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly metadataOnly?: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** `undefined` when it follows, else why it does not. */
  readonly report?: (fault: string | undefined) => void;
  /** The server has forgotten where it was (410). */
  readonly expired?: () => void;
}

/** Milliseconds between two attempts. */
const first = 500;
const longest = 30_000;
/** Seconds after which the server ends a watch, so that one whose end got lost on the way is noticed. */
const lasting = 240;

const event = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: z.looseObject({ metadata: z.looseObject({ resourceVersion: z.string().optional() }).optional() }),
});

/**
 * Lists, and then watches from there for as long as the signal lets it: over ends of the watch, of connections and of the
 * API server. It goes on from the last version that it saw; where the server has forgotten that (410) it lists anew. A
 * list that the cluster does not have (a custom resource whose definition is missing) is asked for again and again.
 */
export async function* follow(cluster: Cluster, following: Following): AsyncGenerator<ListChange> {
  const { clock, signal, report = () => undefined, expired = () => undefined } = following;
  let path = '';
  let version: string | undefined;
  let attempt = 0;
  while (!signal.aborted) {
    try {
      if (version === undefined) {
        const { labelSelector, fieldSelector, metadataOnly = false } = following;
        path = typeof following.path === 'string' ? following.path : await following.path(signal);
        const { items, resourceVersion } = await cluster.list(path, {
          labelSelector,
          fieldSelector,
          metadataOnly,
          signal,
        });
        report(undefined);
        yield { kind: 'listed', objects: items };
        version = resourceVersion;
      }
      let heard = false;
      for await (const { type, object, resourceVersion } of events(cluster, { ...following, path }, version)) {
        if (!heard) report(undefined);
        heard = true;
        attempt = 0;
        version = resourceVersion;
        if (type === 'BOOKMARK') continue;
        yield { kind: type === 'DELETED' ? 'gone' : 'changed', object };
      }
      // The server ends a watch from time to time. One that has told nothing at all is not asked again at once.
      attempt = heard ? 0 : attempt + 1;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof TargetFault)) throw error;
      if (hasStatus(error, 410)) {
        version = undefined;
        expired();
      } else report(hasStatus(error, 404) ? undefined : error.message);
      attempt += 1;
    }
    if (attempt === 0) continue;
    await clock.delay(backoff(attempt, first, longest), signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}

interface Event {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubernetesObject;
  readonly resourceVersion: string;
}

/** @throws TargetFault, ApiFault 410 where the version is forgotten */
async function* events(
  cluster: Cluster,
  following: Following & { readonly path: string },
  version: string,
): AsyncGenerator<Event> {
  const { path, labelSelector, fieldSelector, metadataOnly = false, signal } = following;
  const query = {
    watch: 'true',
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(lasting),
    resourceVersion: version,
    labelSelector,
    fieldSelector,
  };
  const idle = (lasting + 60) * 1000;
  for await (const line of cluster.lines({ path, query, metadataOnly, idle, signal })) {
    const { type, object } = read(line);
    if (type === 'ERROR') throw told(object);
    yield {
      type,
      object: object as unknown as KubernetesObject,
      resourceVersion: object.metadata?.resourceVersion ?? version,
    };
  }
}

function read(line: string): z.output<typeof event> {
  try {
    return event.parse(JSON.parse(line));
  } catch (cause) {
    throw new TargetFault('platform', 'the Kubernetes API gave half an event', true, { cause });
  }
}

function told(object: Readonly<Record<string, unknown>>): ApiFault {
  const code = typeof object['code'] === 'number' ? object['code'] : 500;
  return new ApiFault(code, String(object['reason'] ?? ''), `a watch ended: ${String(object['message'] ?? code)}`);
}
