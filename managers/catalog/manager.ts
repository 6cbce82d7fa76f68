import { randomUUID } from 'node:crypto';
import { allOf } from '../../core/mirror/index.js';
import { Problem, problems } from '../../core/operation/index.js';
import type { Clock, Health, Lifecycle, Logger } from '../../core/plugin/index.js';
import {
  type ArtifactRegistry,
  type Change,
  type EventBus,
  type ListedArtifact,
  type LockProvider,
  put,
  type QueueProvider,
  remove,
  StateConflict,
  StateFault,
  type StateProvider,
  type Stored,
} from '../../core/ports/index.js';
import { announce } from '../../core/work/index.js';
import { Importer } from './importer.js';
import {
  type CatalogManager,
  type DeleteGuard,
  type ImportRequest,
  type OfferPage,
  type OfferQuery,
  PackageChanged,
  type PackagePage,
  type PackageQuery,
  type PackageRecord,
  type PackageSource,
} from './index.js';
import { offerPage } from './offer.js';
import {
  claims,
  type Deletion,
  deletions,
  indexFor,
  isSettled,
  packages,
  resourceKey,
  resources,
  type StoredPackage,
  view,
} from './record.js';
import type { SignaturePolicy } from './signature/policy.js';
import { checkSource, claimsOf, sourceClaim } from './source.js';
import { readUpstream, sameUpstream } from './upstream.js';
import { ImportWork } from './work.js';

/** A deletion asks its guards and commits. What takes longer, milliseconds, was left by a host that died. */
const longestDeletion = 60_000;
/** No call that begins to use a package takes so long, milliseconds. */
const longestUse = 3_600_000;

export interface CatalogParts {
  readonly state: StateProvider;
  readonly registry: ArtifactRegistry;
  readonly signatures: SignaturePolicy;
  readonly events: EventBus;
  /** For several hosts on one state. */
  readonly queue?: QueueProvider | undefined;
  readonly locks?: LockProvider | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly parallel: number;
  readonly attempts: number;
}

export class PackageCatalog implements CatalogManager, Lifecycle {
  readonly #state: StateProvider;
  readonly #registry: ArtifactRegistry;
  readonly #signatures: SignaturePolicy;
  readonly #events: EventBus;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #importer: Importer;
  readonly #imports: ImportWork;
  readonly #guards = new Set<{ readonly guard: DeleteGuard }>();

  constructor(parts: CatalogParts) {
    this.#state = parts.state;
    this.#registry = parts.registry;
    this.#signatures = parts.signatures;
    this.#events = parts.events;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#importer = new Importer({
      ...parts,
      changed: ({ id, state }) => announce(parts.events, parts.log, PackageChanged, { id, state }),
    });
    const { queue, locks } = parts;
    this.#imports = new ImportWork({ ...parts, queue, locks, importer: this.#importer });
  }

  async start(): Promise<void> {
    await this.#signatures.check(this.#log);
    for await (const mark of allOf(this.#state, deletions)) await this.#reopen(mark);
    await this.#imports.start();
  }

  drain(): Promise<void> {
    return this.#imports.stop();
  }

  stop(): Promise<void> {
    return this.#imports.stop();
  }

  health(): Health {
    return this.#imports.health();
  }

  async import({ name, labels = {}, source, strict = false, credentials }: ImportRequest): Promise<PackageRecord> {
    checkSource(source);
    const now = this.#clock.now();
    const record: StoredPackage = {
      id: randomUUID(),
      name,
      labels,
      source,
      strict,
      state: 'PENDING',
      resources: [],
      faults: [],
      warnings: [],
      createdAt: now,
      updatedAt: now,
      withCredentials: credentials !== undefined,
    };
    await this.#imports.begin(record.id, credentials, () => this.#accept(record));
    await announce(this.#events, this.#log, PackageChanged, { id: record.id, state: record.state });
    return view(record);
  }

  async get(id: string): Promise<PackageRecord> {
    return view((await this.#stored(id)).value);
  }

  async list({ limit, after, ...wanted }: PackageQuery): Promise<PackagePage> {
    const query = indexFor(wanted) ?? {};
    const [page, total] = await Promise.all([
      this.#state.list(packages, {
        ...query,
        ...(limit !== undefined && { limit }),
        ...(after !== undefined && { after }),
      }),
      this.#state.count(packages, query),
    ]);
    return {
      items: page.items.map(({ value }) => view(value)),
      total,
      ...(page.next !== undefined && { next: page.next }),
    };
  }

  async find(source: PackageSource): Promise<PackageRecord | undefined> {
    const claim = await this.#state.get(claims, sourceClaim(source));
    const found = claim && (await this.#state.get(packages, claim.value.packageId));
    return found && view(found.value);
  }

  async refresh(id: string, signal?: AbortSignal): Promise<PackageRecord> {
    const { source, digest } = (await this.#stored(id)).value;
    if (digest === undefined) return this.get(id);
    const upstream = await readUpstream(this.#registry, { source, digest }, this.#clock, signal);
    for (;;) {
      const { value, revision } = await this.#stored(id);
      if (value.state !== 'ONBOARDED' || sameUpstream(value.upstream, upstream)) return view(value);
      const next = { ...value, upstream };
      try {
        await this.#state.commit([put(packages, id, next, revision)]);
      } catch (error) {
        if (error instanceof StateConflict) continue;
        throw error;
      }
      await announce(this.#events, this.#log, PackageChanged, { id, state: next.state });
      return view(next);
    }
  }

  repositories(registry: string, query: OfferQuery, signal?: AbortSignal): Promise<OfferPage<string>> {
    return offerPage(this.#registry.repositories?.(registry, query.from, { ...(signal && { signal }) }), query);
  }

  artifacts(
    at: Pick<PackageSource, 'registry' | 'repository'>,
    query: OfferQuery,
    signal?: AbortSignal,
  ): Promise<OfferPage<ListedArtifact>> {
    return offerPage(this.#registry.artifacts?.(at, query.from, { ...(signal && { signal }) }), query);
  }

  async delete(id: string, force = false): Promise<void> {
    await this.#stored(id);
    // First closed to new uses, then looked at: a use is either seen by the guards or refused by `whileKept`.
    const mark = await this.#closeToUse(id);
    try {
      if (!force) await this.#askGuards(id);
      await this.#importer.cancel(id);
      await this.#remove(id, mark);
    } catch (error) {
      await this.#open(id, mark);
      throw error;
    }
    // The mark stays for uses that began before the record was gone. An id never comes again.
    this.#log.info('deleted a package', { packageId: id, force });
    await announce(this.#events, this.#log, PackageChanged, { id, state: 'DELETED' });
  }

  async settled(id: string, signal: AbortSignal): Promise<PackageRecord> {
    while (!signal.aborted) {
      const settled = await this.#settledNext(id, signal);
      if (settled) return settled;
    }
    throw signal.reason;
  }

  /** @returns `undefined` when changes were missed, or the wait was given up */
  async #settledNext(id: string, signal: AbortSignal): Promise<PackageRecord | undefined> {
    const over = new AbortController();
    const changes = this.#state.watch(packages, AbortSignal.any([signal, over.signal]));
    try {
      const present = await this.get(id);
      if (isSettled(present)) return present;
      for await (const change of changes) {
        if (change.key !== id) continue;
        if (change.kind === 'delete') throw unknown(id);
        if (isSettled(change.value)) return view(change.value);
      }
    } catch (error) {
      if (error instanceof StateFault && error.reason === 'history') return undefined;
      throw error;
    } finally {
      over.abort();
    }
    if (signal.aborted) return undefined;
    throw new Problem(problems.unavailable, 'the store has stopped telling of packages');
  }

  async resource(
    id: string,
    path: string,
  ): Promise<{ readonly mediaType: string; readonly bytes: Uint8Array } | undefined> {
    const found = (await this.get(id)).resources.find((resource) => resource.path === path);
    const blob = found && (await this.#state.get(resources, resourceKey(id, found.digest)));
    return found && blob && { mediaType: found.mediaType, bytes: blob.value };
  }

  beforeDelete(guard: DeleteGuard): () => void {
    // By an entry of its own, for the same guard may come twice.
    const entry = { guard };
    this.#guards.add(entry);
    return () => this.#guards.delete(entry);
  }

  async whileKept(id: string): Promise<Change> {
    const mark = await this.#state.get(deletions, id);
    await this.#stored(id);
    if (mark && !this.#isLeft(mark)) throw new Problem(problems.conflict, `package ${id} is being deleted`);
    return remove(deletions, id, mark?.revision ?? 'absent');
  }

  async #stored(id: string): Promise<Stored<StoredPackage>> {
    const stored = await this.#state.get(packages, id);
    if (!stored) throw unknown(id);
    return stored;
  }

  /** Writes the pending record; in the place of one with the same source that failed. */
  async #accept(record: StoredPackage): Promise<void> {
    const key = sourceClaim(record.source);
    for (;;) {
      const claim = await this.#state.get(claims, key);
      const other = claim && (await this.#state.get(packages, claim.value.packageId));
      if (other && other.value.state !== 'FAILED') {
        throw new Problem(
          problems.conflict,
          `${key.slice('source:'.length)} is there already, as package ${other.key} (${other.value.state})`,
          { extensions: { packageId: other.key } },
        );
      }
      try {
        await this.#state.commit([
          put(packages, record.id, record, 'absent'),
          put(claims, key, { packageId: record.id }, claim?.revision ?? 'absent'),
          ...(other ? [remove(packages, other.key, other.revision)] : []),
        ]);
        return;
      } catch (error) {
        if (!(error instanceof StateConflict)) throw error;
      }
    }
  }

  /** @returns the revision of the mark, which another host may have left when it died */
  async #closeToUse(id: string): Promise<number> {
    const before = await this.#state.get(deletions, id);
    const already = new Problem(problems.conflict, `package ${id} is being deleted already`);
    if (before && !this.#isLeft(before)) throw already;
    try {
      return await this.#state.commit([put(deletions, id, { at: this.#clock.now() }, before?.revision ?? 'absent')]);
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
      throw already;
    }
  }

  /** Whether a deletion was broken off by the end of its host. If it was not after all, its last commit fails. */
  #isLeft({ value }: Stored<Deletion>): boolean {
    return this.#clock.now() - value.at > longestDeletion;
  }

  /** At start: a deletion that a crash broke off has removed nothing yet, and the package can be used again. */
  async #reopen({ key, revision, value }: Stored<Deletion>): Promise<void> {
    const there = (await this.#state.get(packages, key)) !== undefined;
    // A mark of what is gone keeps off those who began to use it before, on whichever host.
    if (there || this.#clock.now() - value.at > longestUse) await this.#open(key, revision);
  }

  async #open(id: string, mark: number): Promise<void> {
    try {
      await this.#state.commit([remove(deletions, id, mark)]);
    } catch (error) {
      // Another host has opened it, or closed it anew.
      if (!(error instanceof StateConflict)) throw error;
    }
  }

  async #askGuards(id: string): Promise<void> {
    for (const { guard } of this.#guards) {
      const objection = await guard(id);
      if (objection !== undefined) throw new Problem(problems.conflict, objection);
    }
  }

  async #remove(id: string, mark: number): Promise<void> {
    for (;;) {
      const { value, revision } = await this.#stored(id);
      const held = await Promise.all(claimsOf(value).map((key) => this.#state.get(claims, key)));
      const digests = new Set(value.resources.map(({ digest }) => digest));
      try {
        await this.#state.commit([
          remove(packages, id, revision),
          put(deletions, id, { at: this.#clock.now() }, mark),
          ...held.flatMap((claim) =>
            claim?.value.packageId === id ? [remove(claims, claim.key, claim.revision)] : [],
          ),
          ...[...digests].map((digest) => remove(resources, resourceKey(id, digest))),
        ]);
        return;
      } catch (error) {
        if (!(error instanceof StateConflict)) throw error;
        if (error.collection !== deletions.name) continue;
        throw new Problem(problems.conflict, `package ${id} was opened to use again by another host; try again`);
      }
    }
  }
}

function unknown(id: string): Problem {
  return new Problem(problems.notFound, `there is no package ${id}`);
}
