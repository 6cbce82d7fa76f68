import { setMaxListeners } from 'node:events';
import { type Clock, type Logger, type TargetFacts, TargetFault } from '../../../core/plugin/index.js';
import { backoff } from '../../../core/work/index.js';
import type { Cluster } from './cluster.js';
import type { OwnedObject, Release, Watched } from './driver.js';
import { nodeFacts } from './facts.js';
import { type Following, follow, type ListChange } from './follow.js';
import { Kinship } from './kinship.js';
import type { KubernetesObject } from './kubernetes.js';
import { watchedCronJobs, watchedWorkloads } from './workloads.js';

interface Options {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Logger;
  readonly watched: readonly Watched[];
  readonly releases: (signal: AbortSignal) => Promise<readonly Release[]>;
}

/**
 * What happens in the cluster, told as ids of applications whose state may have changed. One set of watches serves
 * everybody who listens; what it holds is for telling alone, and no answer about the state is made of it.
 */
export class Feed {
  readonly #kinship = new Kinship();
  readonly #listeners = new Set<Listener>();
  readonly #stopped = new AbortController();
  readonly #nodes = new Map<string, KubernetesObject>();
  #nodesKnown = false;
  #releases: readonly Release[] = [];
  /** What has changed since it was last told. */
  #changed: OwnedObject[] = [];
  #anything = false;
  #wake: () => void = () => undefined;
  /** Why a watch does not follow, by what it follows. */
  readonly #faults = new Map<string, string>();
  #loops: readonly Promise<void>[] = [];

  constructor(private readonly on: Options) {
    // Each kind that is followed waits on it, however many there are.
    setMaxListeners(0, this.#stopped.signal);
  }

  start(): void {
    const workloads = watchedWorkloads.map(({ path, apiVersion, kind }) => this.#followKind(path, apiVersion, kind));
    const cronJobs = (signal: AbortSignal): Promise<string> => watchedCronJobs(this.on.cluster, signal);
    workloads.push(this.#followKind(cronJobs, 'batch/v1', 'CronJob'));
    const releases = this.on.watched.map((watched) => this.#followReleases(watched));
    this.#loops = [...workloads, ...releases, this.#followNodes(), this.#tell()].map((loop) =>
      loop.catch((error: unknown) => this.on.log.error('a watch on the cluster ended', { error })),
    );
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#wake();
    await Promise.all(this.#loops);
  }

  /** What the nodes offer; asked for once, and then kept up to date by a watch. */
  async facts(): Promise<TargetFacts> {
    if (!this.#nodesKnown) return nodeFacts((await this.on.cluster.list('/api/v1/nodes')).items);
    return nodeFacts([...this.#nodes.values()]);
  }

  /**
   * Counts from the call on. To be closed.
   *
   * @param only the one application that counts; all unless told
   */
  listen(only?: string): Listener {
    const listener = new Listener(() => this.#listeners.delete(listener), only);
    this.#listeners.add(listener);
    return listener;
  }

  /** Tells everybody of all applications that are there, as soon as they can be read. */
  tellAll(): void {
    this.#mark();
  }

  async #followKind(path: Following['path'], apiVersion: string, kind: string): Promise<void> {
    for await (const change of this.#follow(kind, { path, metadataOnly: true })) {
      if (change.kind === 'listed') {
        this.#kinship.replace(
          kind,
          change.objects.map(({ metadata }) => ({ apiVersion, kind, metadata })),
        );
        // Nobody knows what happened before.
        this.#mark();
      } else {
        const object = { apiVersion, kind, metadata: change.object.metadata };
        if (change.kind === 'gone') this.#kinship.delete(object);
        else this.#kinship.add(object);
        this.#mark(object);
      }
    }
  }

  /** A release says itself whose it is only to its driver: after any change all of them are told. */
  async #followReleases(watched: Watched): Promise<void> {
    for await (const _change of this.#follow(watched.path, { ...watched, metadataOnly: true })) this.#mark();
  }

  async #followNodes(): Promise<void> {
    for await (const change of this.#follow('Node', { path: '/api/v1/nodes' })) {
      if (change.kind === 'listed') {
        this.#nodes.clear();
        for (const node of change.objects) this.#nodes.set(node.metadata.name, node);
        this.#nodesKnown = true;
      } else if (change.kind === 'changed') this.#nodes.set(change.object.metadata.name, change.object);
      else this.#nodes.delete(change.object.metadata.name);
    }
  }

  /** @param of what is followed, for a person */
  #follow(of: string, what: Pick<Following, 'path' | 'labelSelector' | 'metadataOnly'>): AsyncGenerator<ListChange> {
    const { cluster, clock, log } = this.on;
    return follow(cluster, {
      ...{ ...what, clock, signal: this.#stopped.signal },
      report: (fault) => this.#report(of, fault),
      expired: () => log.debug(`the Kubernetes API has forgotten where the watch of ${of} was (410): it lists anew`),
    });
  }

  /** What is the same for several watches is told once, and so is that it is over for all of them. */
  #report(of: string, fault: string | undefined): void {
    const before = this.#faults.get(of);
    const known = new Set(this.#faults.values());
    if (fault === undefined) this.#faults.delete(of);
    else this.#faults.set(of, fault);
    if (fault !== undefined && !known.has(fault)) this.on.log.warn(fault);
    const isOver = before !== undefined && ![...this.#faults.values()].includes(before);
    if (isOver) this.on.log.info(`the Kubernetes API answers again; before: ${before}`);
  }

  /** @param object what has changed; nobody knows what unless told */
  #mark(object?: OwnedObject): void {
    if (object === undefined) this.#anything = true;
    else this.#changed.push(object);
    this.#wake();
  }

  /** Bursts are told together, for each telling takes a look at the releases. */
  async #tell(): Promise<void> {
    const { signal } = this.#stopped;
    let attempt = 0;
    while (!signal.aborted) {
      if (this.#changed.length === 0 && !this.#anything) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const [changed, anything] = [this.#changed, this.#anything];
      [this.#changed, this.#anything] = [[], false];
      try {
        const before = this.#releases;
        if (anything) this.#releases = await this.on.releases(signal);
        const told = anything
          ? [...ids(before), ...ids(this.#releases)]
          : changed.flatMap((object) => this.#kinship.applicationsOf(object, this.#releases));
        for (const listener of this.#listeners) listener.tell(told);
        attempt = 0;
      } catch (error) {
        if (signal.aborted) return;
        // A fault of the cluster its watches tell of. Whatever it is, who listens hears of it again when it is over.
        if (!(error instanceof TargetFault)) this.on.log.error('the releases cannot be told', { error });
        this.#anything = true;
        attempt += 1;
        await this.on.clock.delay(backoff(attempt, 500, 30_000), signal).catch((reason: unknown) => {
          if (!signal.aborted) throw reason;
        });
      }
    }
  }
}

/** Ids that somebody has not heard of yet, each once. */
export class Listener {
  readonly #pending = new Set<string>();
  #wake: () => void = () => undefined;

  constructor(
    private readonly leave: () => void,
    private readonly only: string | undefined,
  ) {}

  tell(applications: readonly string[]): void {
    for (const id of applications) if (this.only === undefined || id === this.only) this.#pending.add(id);
    if (this.#pending.size > 0) this.#wake();
  }

  /** Resolves when there is something to hear, with all of it; rejects with the signal's reason. */
  async next(signal: AbortSignal): Promise<readonly string[]> {
    while (this.#pending.size === 0) {
      signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        const abort = (): void => reject(signal.reason);
        signal.addEventListener('abort', abort, { once: true });
        this.#wake = () => {
          signal.removeEventListener('abort', abort);
          resolve();
        };
      });
    }
    const heard = [...this.#pending];
    this.#pending.clear();
    return heard;
  }

  close(): void {
    this.leave();
  }
}

function ids(releases: readonly Release[]): string[] {
  return [...new Set(releases.map(({ application }) => application.id))];
}
