import type { Lifecycle } from '../plugin/lifecycle.js';
import { within } from '../work/within.js';

/** An entry as the lifecycle sees it. */
export interface LifecycleNode {
  readonly name: string;
  readonly instance: Lifecycle;
  /** Names of the nodes that must have started before it, and stop after it. */
  readonly dependsOn: readonly string[];
}

export interface PhaseFailure {
  readonly entry: string;
  readonly phase: 'start' | 'drain' | 'stop';
  readonly error: Error;
}

/** A phase of an entry took longer than it may. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
}

/** Entries that were not tried because something that they use did not start. */
export interface Skipped {
  readonly entry: string;
  readonly because: readonly string[];
}

export interface StartReport {
  readonly started: readonly string[];
  readonly failures: readonly PhaseFailure[];
  readonly skipped: readonly Skipped[];
  /** By entry: starts that were given up on and go on nevertheless. */
  readonly pending: PendingStarts;
}

/** Each settles with its start, however that ends. */
export type PendingStarts = ReadonlyMap<string, Promise<unknown>>;

/**
 * Starts every node as soon as what it depends on has started. A failure does not stop the others from being tried, so
 * that one report has all failures.
 *
 * @param nodes in dependency order
 * @param deadline milliseconds for each node
 */
export async function startAll(
  nodes: readonly LifecycleNode[],
  deadline: number,
  signal: AbortSignal,
): Promise<StartReport> {
  const outcomes = new Map<string, Promise<'started' | 'failed'>>();
  const started: string[] = [];
  const failures: PhaseFailure[] = [];
  const skipped: Skipped[] = [];
  const pending = new Map<string, Promise<unknown>>();

  const startOne = async (node: LifecycleNode): Promise<'started' | 'failed'> => {
    const awaited = await Promise.all(
      node.dependsOn.map(async (name) => ({ name, outcome: await outcomes.get(name) })),
    );
    const because = awaited.filter(({ outcome }) => outcome !== 'started').map(({ name }) => name);
    if (because.length > 0) {
      skipped.push({ entry: node.name, because });
      return 'failed';
    }
    const failure = await runPhase(node, 'start', deadline, signal, (start) => {
      const settled = start.then(
        () => pending.delete(node.name),
        // The report has it already, or says that the start took too long.
        () => pending.delete(node.name),
      );
      pending.set(node.name, settled);
    });
    // An entry whose start failed half-way has something to free too.
    started.push(node.name);
    if (!failure) return 'started';
    failures.push(failure);
    return 'failed';
  };

  for (const node of nodes) outcomes.set(node.name, startOne(node));
  await Promise.all(outcomes.values());
  return { started, failures, skipped, pending };
}

/**
 * Drains or stops, each node after everything that depends on it. All nodes are tried, whatever fails.
 *
 * @param pending starts that are waited for, each as long as `deadline`, before their node is stopped: what they open
 *   after it would stay open
 */
export async function endAll(
  nodes: readonly LifecycleNode[],
  phase: 'drain' | 'stop',
  deadline: number,
  pending: PendingStarts = new Map(),
): Promise<readonly PhaseFailure[]> {
  const done = new Map<string, Promise<readonly PhaseFailure[]>>();
  const endOne = async (node: LifecycleNode): Promise<readonly PhaseFailure[]> => {
    const late = await stillStarting(node.name, phase, deadline, pending);
    const failure = await runPhase(node, phase, deadline);
    return [late, failure].filter((one) => one !== undefined);
  };
  for (const node of [...nodes].reverse()) {
    const dependants = nodes.filter(({ dependsOn }) => dependsOn.includes(node.name));
    done.set(
      node.name,
      Promise.all(dependants.map(({ name }) => done.get(name))).then(() => endOne(node)),
    );
  }
  return (await Promise.all(done.values())).flat();
}

/** Waits for a start that was given up on. */
async function stillStarting(
  entry: string,
  phase: PhaseFailure['phase'],
  deadline: number,
  pending: PendingStarts,
): Promise<PhaseFailure | undefined> {
  const start = pending.get(entry);
  if (!start) return undefined;
  const text = `its start was still under way after ${deadline} ms; what it opens later stays open`;
  try {
    await within(
      deadline,
      () => start,
      () => new DeadlineExceeded(text),
    );
    return undefined;
  } catch (error) {
    if (error instanceof DeadlineExceeded) return { entry, phase, error };
    throw error;
  }
}

async function runPhase(
  { name, instance }: LifecycleNode,
  phase: PhaseFailure['phase'],
  deadline: number,
  signal?: AbortSignal,
  watch?: (run: Promise<void>) => void,
): Promise<PhaseFailure | undefined> {
  const over = new AbortController();
  const limits = signal ? AbortSignal.any([over.signal, signal]) : over.signal;
  const timer = setTimeout(
    () => over.abort(new DeadlineExceeded(`${phase} took longer than ${deadline} ms`)),
    deadline,
  );
  try {
    limits.throwIfAborted();
    const aborted = new Promise<never>((_resolve, reject) => {
      limits.addEventListener('abort', () => reject(limits.reason as Error), { once: true });
    });
    const run = Promise.resolve(instance[phase]?.(limits));
    watch?.(run);
    await Promise.race([run, aborted]);
    return undefined;
  } catch (error) {
    return { entry: name, phase, error: error instanceof Error ? error : new Error(String(error)) };
  } finally {
    clearTimeout(timer);
  }
}
