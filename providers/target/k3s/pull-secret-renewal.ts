import type { Clock, Logger, PullCredentials } from '../../../core/plugin/index.js';
import { backoff, KeyedQueue, type WorkResult } from '../../../core/work/index.js';
import type { Login } from '../../shared/logins/index.js';
import type { Cluster } from './cluster.js';
import { type KubernetesObject, keyOf, shown } from './kubernetes.js';
import { marks } from './marks.js';
import { renewedPullSecret } from './pull-secret.js';

export interface RenewalParts {
  readonly cluster: Pick<Cluster, 'list' | 'get' | 'apply'>;
  readonly owner: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly handed: Pick<PullCredentials, 'changes'>;
  readonly logins: (signal: AbortSignal) => Promise<readonly Login[]>;
  /** Does work on the component of a release key while nobody else does: one that is being removed comes not back. */
  readonly alone: (release: string, work: () => Promise<void>, signal: AbortSignal) => Promise<void>;
}

/** Milliseconds before what has failed is tried again: the first, and the longest. */
const firstWait = 1_000;
const longestWait = 300_000;
const everything = 'everything';

/**
 * Keeps the pull secrets in the cluster at the credentials that this device is handed: whoever hands out new ones ends
 * those before, and a pod that comes to another node, or comes again after its image was cleared away, pulls long after
 * anything was applied.
 */
export class PullSecretRenewal {
  readonly #queue: KeyedQueue;
  readonly #stopped = new AbortController();
  #following: Promise<void> | undefined;
  #failures = 0;

  constructor(private readonly parts: RenewalParts) {
    const work = (_: string, signal: AbortSignal): Promise<WorkResult> => this.#work(signal);
    this.#queue = new KeyedQueue({ clock: parts.clock, parallel: 1, work });
  }

  start(): void {
    this.#following = this.#follow();
    // For what was handed over while nobody was here to see it.
    this.#queue.add(everything);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all([this.#queue.stop(), this.#following]);
  }

  async #follow(): Promise<void> {
    const { handed, clock, log } = this.parts;
    const { signal } = this.#stopped;
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        for await (const _ of handed.changes(signal)) {
          failures = 0;
          this.#queue.add(everything);
        }
        return;
      } catch (error) {
        const again = backoff(failures, firstWait, longestWait);
        log.warn('nobody tells of new pull credentials; asked again', { again, why: reasonOf(error) });
        await clock.delay(again, signal).catch(() => undefined);
        this.#queue.add(everything);
      }
    }
  }

  async #work(signal: AbortSignal): Promise<WorkResult> {
    try {
      await this.#renew(signal);
      this.#failures = 0;
      return undefined;
    } catch (error) {
      if (signal.aborted) return undefined;
      const again = backoff(++this.#failures, firstWait, longestWait);
      this.parts.log.warn('not every pull secret has the credentials of now; tried again', {
        again,
        why: reasonOf(error),
      });
      return { again };
    }
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { cluster, owner, logins } = this.parts;
    const known = await logins(signal);
    const labelSelector = `${marks.owner}=${owner},${marks.pulls}`;
    const { items } = await cluster.list('/api/v1/secrets', { labelSelector, signal });
    const old = items.filter((secret) => renewedPullSecret(secret, known) !== undefined);
    const ended = await Promise.allSettled(old.map((secret) => this.#renewOne(secret, signal)));
    for (const each of ended) if (each.status === 'rejected') throw each.reason;
  }

  async #renewOne(secret: KubernetesObject, signal: AbortSignal): Promise<void> {
    const { cluster, log, logins, alone } = this.parts;
    const work = async (): Promise<void> => {
      // Whoever had the component before may have been at it for long.
      const found = await cluster.get(keyOf(secret), signal);
      const renewed = found && renewedPullSecret(found, await logins(signal));
      if (renewed === undefined) return;
      await cluster.apply(renewed, { force: true, signal });
      log.info('a pull secret has new credentials', { secret: shown(keyOf(renewed)) });
    };
    await alone(secret.metadata.labels?.[marks.release] ?? '', work, signal);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
