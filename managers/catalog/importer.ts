import type { Clock, Logger } from '../../core/plugin/index.js';
import {
  type ArtifactRegistry,
  put,
  type RegistryCredentials,
  RegistryFault,
  StateConflict,
  StateFault,
  type StateProvider,
  type Stored,
} from '../../core/ports/index.js';
import { backoff, LinkedAbortController, Semaphore } from '../../core/work/index.js';
import { findingText } from '../margo/index.js';
import { notSigned, type Upstream } from './index.js';
import { type PulledPackage, pullPackage } from './pull.js';
import { claims, isSettled, packages, resourceKey, resources, type StoredPackage } from './record.js';
import type { SignaturePolicy } from './signature/policy.js';
import { claimsOf } from './source.js';
import { firstUpstream } from './upstream.js';

export interface ImporterParts {
  readonly state: StateProvider;
  readonly registry: ArtifactRegistry;
  readonly signatures: SignaturePolicy;
  readonly clock: Clock;
  readonly log: Logger;
  /** Imports under way at the same time. */
  readonly parallel: number;
  /** How often a registry that cannot be reached is tried. */
  readonly attempts: number;
  /** Told after every change of a package's record. */
  readonly changed: (record: StoredPackage) => Promise<void>;
}

interface Job {
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

/** Milliseconds until the second attempt; doubles with every further one. */
const firstWait = 1000;
/** Of a store that is away. */
const longestWait = 60_000;

const unexpected = 'something went wrong here; the log of the host has the details';

/** The background half of the catalog: takes pending packages to their end. */
export class Importer {
  readonly #parts: ImporterParts;
  readonly #running: Semaphore;
  readonly #jobs = new Map<string, Job>();

  constructor(parts: ImporterParts) {
    this.#parts = parts;
    this.#running = new Semaphore(parts.parallel);
  }

  /**
   * Imports in the background, again as long as the store is away.
   * @param lost aborts when another host may have begun it too
   * @returns whether it came to its end; `false` when it was cancelled, or broke off
   */
  begin(id: string, credentials?: RegistryCredentials, lost?: AbortSignal): Promise<boolean> {
    const abort = new LinkedAbortController(...(lost ? [lost] : []));
    return this.#keep(id, abort, this.#untilDone(id, credentials, abort.signal)).then(
      () => true,
      (error: unknown) => {
        if (!abort.signal.aborted) this.#parts.log.error('an import broke off', { packageId: id, error });
        return false;
      },
    );
  }

  /**
   * Imports a package once. Nothing happens when it is at its end.
   * @param credentials of its request, where they are known
   * @throws what broke it off; the record still says that the import is under way
   */
  run(id: string, credentials: RegistryCredentials | undefined, ...signals: readonly AbortSignal[]): Promise<void> {
    const abort = new LinkedAbortController(...signals);
    return this.#keep(id, abort, this.#untilDone(id, credentials, abort.signal));
  }

  /** As long as it lasts, a job can be cancelled and waited for. */
  #keep(id: string, abort: LinkedAbortController, work: Promise<void>): Promise<void> {
    const ended = work.finally(() => {
      abort.unlink();
      // Of a package that came back to a host that had stood still there may be two: the later one is kept.
      if (this.#jobs.get(id) === job) this.#jobs.delete(id);
    });
    const job: Job = { abort, done: ended.catch(() => undefined) };
    this.#jobs.set(id, job);
    return ended;
  }

  /** Gives an import up; its record stays as it is. */
  async cancel(id: string): Promise<void> {
    const job = this.#jobs.get(id);
    job?.abort.abort();
    await job?.done;
  }

  /** Ends an import that nobody tries again, unless it has ended. */
  giveUp(id: string, failure: string): Promise<void> {
    return this.#fail(id, failure);
  }

  async cancelAll(): Promise<void> {
    await Promise.all([...this.#jobs.keys()].map((id) => this.cancel(id)));
  }

  async #untilDone(id: string, credentials: RegistryCredentials | undefined, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#running.run(() => this.#import(id, credentials, signal), signal);
      } catch (error) {
        if (signal.aborted || !(error instanceof StateFault)) throw error;
        this.#parts.log.warn('an import waits for the store', { packageId: id, error });
        await this.#parts.clock.delay(backoff(attempt, firstWait, longestWait), signal);
      }
    }
  }

  async #import(id: string, credentials: RegistryCredentials | undefined, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const record = await this.#change(id, (present) => ({ ...present, state: 'PROCESSING' }));
    if (!record) return;
    let pulled: PulledPackage;
    try {
      pulled = await this.#pull(record, credentials, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const known = error instanceof RegistryFault;
      if (!known) this.#parts.log.error('an import met an error of ours', { packageId: id, error });
      await this.#fail(id, known ? faultText(error, record, credentials !== undefined) : unexpected);
      return;
    }
    const { digest, faults, warnings } = pulled;
    if (faults.length > 0 || !pulled.description) {
      const all = faults
        .map((fault) => findingText(fault, fault.code === notSigned ? undefined : 'margo.yaml'))
        .join('; ');
      await this.#fail(id, `the package cannot be deployed: ${all}`, { digest, faults, warnings });
      return;
    }
    const { registry, clock } = this.#parts;
    const upstream = await firstUpstream(registry, { source: record.source, digest }, clock, {
      signal,
      ...(credentials && { credentials }),
    });
    signal.throwIfAborted();
    await this.#onboard(id, pulled, upstream);
  }

  async #pull(
    { source, strict }: StoredPackage,
    credentials: RegistryCredentials | undefined,
    signal: AbortSignal,
  ): Promise<PulledPackage> {
    const { registry, signatures, attempts, clock } = this.#parts;
    for (let attempt = 1; ; attempt++) {
      try {
        return await pullPackage(registry, source, { strict, signatures, credentials, signal });
      } catch (error) {
        const away = error instanceof RegistryFault && error.reason === 'unreachable';
        if (!away || attempt >= attempts) throw error;
        await clock.delay(firstWait * 2 ** (attempt - 1), signal);
      }
    }
  }

  async #onboard(
    id: string,
    { digest, description, warnings, kept, ...pulled }: PulledPackage,
    upstream: Upstream,
  ): Promise<void> {
    for (;;) {
      const present = await this.#parts.state.get(packages, id);
      // Another host may have brought it to its end while this one stood still, with what the tag led to then.
      if (!present || isSettled(present.value)) return;
      const next: StoredPackage = {
        ...present.value,
        state: 'ONBOARDED',
        digest,
        ...(description && { description }),
        resources: pulled.resources,
        warnings,
        upstream,
        updatedAt: this.#parts.clock.now(),
      };
      const own = new Set(claimsOf(present.value));
      try {
        await this.#parts.state.commit([
          put(packages, id, next, present.revision),
          ...claimsOf(next).flatMap((key) => (own.has(key) ? [] : [put(claims, key, { packageId: id }, 'absent')])),
          ...[...kept].map(([blob, bytes]) => put(resources, resourceKey(id, blob), bytes)),
        ]);
        await this.#parts.changed(next);
        return;
      } catch (error) {
        if (!(error instanceof StateConflict)) throw error;
        if (error.collection !== claims.name) continue;
        const other = await this.#parts.state.get(claims, error.key);
        if (!other) continue;
        await this.#fail(id, conflictText(error.key, other.value.packageId), { digest, warnings });
        return;
      }
    }
  }

  async #fail(
    id: string,
    failure: string,
    found: Partial<Pick<StoredPackage, 'digest' | 'faults' | 'warnings'>> = {},
  ): Promise<void> {
    this.#parts.log.warn('an import failed', { packageId: id, failure });
    await this.#change(id, (present) => ({ ...present, ...found, state: 'FAILED', failure }));
  }

  /** @returns `undefined` when the package has been deleted or is at its end already */
  async #change(id: string, change: (present: StoredPackage) => StoredPackage): Promise<StoredPackage | undefined> {
    for (;;) {
      const present: Stored<StoredPackage> | undefined = await this.#parts.state.get(packages, id);
      if (!present || isSettled(present.value)) return undefined;
      const next = { ...change(present.value), updatedAt: this.#parts.clock.now() };
      try {
        await this.#parts.state.commit([put(packages, id, next, present.revision)]);
        await this.#parts.changed(next);
        return next;
      } catch (error) {
        if (!(error instanceof StateConflict)) throw error;
      }
    }
  }
}

function faultText(fault: RegistryFault, { withCredentials }: StoredPackage, given: boolean): string {
  return withCredentials && !given && fault.reason === 'denied'
    ? `${fault.message}. The host that took the request has ended since, and credentials that come with a request are not kept: import it again`
    : fault.message;
}

function conflictText(claim: string, packageId: string): string {
  const version = /^version:(.*)$/.exec(claim)?.[1];
  return version === undefined
    ? `the same package is there already, as ${packageId}`
    : `${version} is there already with other content, as package ${packageId}; a version means one content: delete that package first or publish a new version`;
}
