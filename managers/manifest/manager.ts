import { Mirror } from '../../core/mirror/index.js';
import { Problem, problems } from '../../core/operation/index.js';
import type { Clock, Health, Lifecycle, Logger } from '../../core/plugin/index.js';
import { type Change, put, StateConflict, type StateProvider, type Stored } from '../../core/ports/index.js';
import { Turns } from '../../core/work/index.js';
import type { DeviceManager } from '../device/index.js';
import { composeManifest, digestOf, renderDeployment, type SignedForm } from '../margo/index.js';
import { BlobReader } from './blob-reader.js';
import { Followers } from './followers.js';
import type { DesiredChange, ManifestManager, PublishedManifest } from './index.js';
import {
  type Contents,
  type ManifestRecord,
  manifests,
  noContents,
  publication,
  renewedIn,
  successor,
  withdrawal,
} from './record.js';
import { epochAfter, mayAdvance, nextVersion, noteForeign } from './version.js';

/** Other writers (hosts on the same store, reports) can make a commit lose this often before the caller is told. */
const attempts = 32;

interface Held {
  readonly published: PublishedManifest;
  readonly record: Omit<ManifestRecord, 'text'>;
}

/** A record as a change finds it, or as it would be if the client had one. */
interface Base {
  readonly record: ManifestRecord;
  readonly expect: number | 'absent';
}

interface Outcome {
  readonly changes: readonly Change[];
  readonly record: ManifestRecord;
}

export interface ManifestParts {
  readonly state: StateProvider;
  readonly devices: Pick<DeviceManager, 'keyOf'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly basePath: string;
  /** Bytes of bundles and deployments kept in memory. */
  readonly cacheBytes: number;
}

export class StoredManifests implements ManifestManager, Lifecycle {
  readonly basePath: string;
  readonly #parts: ManifestParts;
  readonly #held: Mirror<ManifestRecord, Held>;
  readonly #followers = new Followers();
  readonly #told = new Set<(clientId: string) => void>();
  readonly #turns = new Turns();
  readonly #blobs: BlobReader;
  /** What a client that never had a deployment is given: the same for all, since it names nobody. */
  #first: Held & { readonly text: string } = emptyHeld;

  constructor(parts: ManifestParts) {
    this.#parts = parts;
    this.basePath = parts.basePath;
    this.#held = new Mirror({
      state: parts.state,
      collection: manifests,
      clock: parts.clock,
      project: ({ value }) => held(value),
      changed: (clientId, now, before) => {
        if (now?.published.etag === before?.published.etag) return;
        this.#followers.changed(clientId);
        for (const told of [...this.#told]) told(clientId);
      },
    });
    this.#blobs = new BlobReader(parts.state, parts.cacheBytes);
  }

  async start(): Promise<void> {
    const { manifestBytes, etag, version } = await composeManifest({
      clientId: '',
      version: 1,
      deployments: [],
      basePath: this.basePath,
    });
    const text = Buffer.from(manifestBytes).toString('utf8');
    const record: ManifestRecord = { ...emptyRecord, version, text, etag, issued: [etag] };
    this.#first = { ...held(record), text };
    await this.#held.start();
  }

  stop(): Promise<void> {
    return this.#held.stop();
  }

  health(): Health {
    return this.#held.health();
  }

  current(clientId: string): PublishedManifest | undefined {
    const known = this.#held.get(clientId);
    if (known) return known.published;
    return this.#parts.devices.keyOf(clientId) === undefined ? undefined : this.#first.published;
  }

  async *changes(clientId: string, signal: AbortSignal): AsyncGenerator<PublishedManifest, void, undefined> {
    for (let told: string | undefined; !signal.aborted; ) {
      const present = this.current(clientId);
      if (!present) return;
      // Nothing can change between this look and the wait: there is no other turn in between.
      if (present.etag === told) await this.#followers.next(clientId, signal);
      else {
        told = present.etag;
        yield present;
      }
    }
  }

  follow(changed: (clientId: string) => void): () => void {
    const told = (clientId: string): void => changed(clientId);
    this.#told.add(told);
    return () => this.#told.delete(told);
  }

  update(clientId: string, change: () => Promise<DesiredChange>): Promise<PublishedManifest> {
    return this.#change(clientId, async (base) => {
      const { deployments, form, alongside } = await change();
      const rendered = deployments.map((deployment) => ({
        id: deployment.id,
        bytes: renderDeployment(deployment, form),
      }));
      const listed = rendered.map(({ id, bytes }) => ({ id, digest: digestOf(bytes) }));
      const renewed = renewedIn(base.record.contents, listed);
      const renews = (id: string): boolean => renewed.has(id);
      if (renewed.size === 0 && listed.length === base.record.contents.deployments.length) {
        return unchanged(clientId, base, form, alongside({ version: base.record.version, renews }));
      }
      const composed = await this.#compose(clientId, base.record, base.record.epoch, rendered);
      const next = successor(base.record, composed, form, base.record.epoch);
      const more = alongside({ version: next.version, renews });
      return { changes: [...publication(clientId, base.record, next, composed, base.expect), ...more], record: next };
    });
  }

  bundle(clientId: string, digest: string): Promise<Uint8Array | undefined> {
    return this.#blob(clientId, digest, ({ bundle }) => bundle === digest);
  }

  deployment(clientId: string, deploymentId: string, digest: string): Promise<Uint8Array | undefined> {
    return this.#blob(clientId, digest, ({ deployments }) =>
      deployments.some((listed) => listed.id === deploymentId && listed.digest === digest),
    );
  }

  async observe(clientId: string, etag: string): Promise<void> {
    const due = ({ issued, foreign }: Pick<ManifestRecord, 'issued' | 'foreign'>): boolean =>
      etag !== this.#first.record.etag && !issued.includes(etag) && mayAdvance(foreign, etag, this.#parts.clock.now());
    if (!due(this.#held.get(clientId)?.record ?? this.#first.record)) return;
    await this.#change(clientId, async (base) => {
      if (!due(base.record)) return { changes: [], record: base.record };
      this.#parts.log.warn('a device holds a manifest that this store never issued; its version moves on', {
        clientId,
        etag,
        version: base.record.version,
      });
      return this.#nextEpoch(clientId, base, etag);
    });
  }

  async noteDelivered(clientId: string, version: number): Promise<void> {
    const due = ({ delivered }: Pick<ManifestRecord, 'delivered'>): boolean => delivered < version;
    const known = this.#held.get(clientId);
    if (!known || !due(known.record)) return;
    await this.#change(clientId, async ({ record, expect }) => {
      if (expect === 'absent' || !due(record)) return { changes: [], record };
      const noted = { ...record, delivered: version };
      return { changes: [put(manifests, clientId, noted, expect)], record: noted };
    });
  }

  async wasDelivered(clientId: string, version: number): Promise<boolean> {
    if ((this.#held.get(clientId)?.record.delivered ?? 0) >= version) return true;
    // Another host may have given it out just now, which the memory of this one hears of a little later.
    const stored = await this.#parts.state.get(manifests, clientId);
    return stored !== undefined && stored.value.delivered >= version;
  }

  async advanceEpoch(clientId: string): Promise<PublishedManifest> {
    if (!this.current(clientId)) throw new Problem(problems.notFound, `there is no device ${clientId}`);
    return this.#change(clientId, (base) => this.#nextEpoch(clientId, base));
  }

  async removal(clientId: string): Promise<readonly Change[]> {
    const stored = await this.#parts.state.get(manifests, clientId);
    return stored ? withdrawal(clientId, stored.value, stored.revision) : [];
  }

  *clients(): Generator<{ readonly clientId: string; readonly form: SignedForm }, void, undefined> {
    for (const [clientId, { record }] of this.#held.values()) yield { clientId, form: record.form };
  }

  /** One change of a client: in its turn, made anew from what is stored when the commit loses a race. */
  #change(clientId: string, make: (base: Base) => Promise<Outcome>): Promise<PublishedManifest> {
    return this.#turns.take(clientId, async () => {
      for (let attempt = 1; ; attempt++) {
        const outcome = await make(this.#base(await this.#parts.state.get(manifests, clientId)));
        if (outcome.changes.length === 0) return held(outcome.record).published;
        try {
          const revision = await this.#parts.state.commit(outcome.changes);
          this.#held.put({ key: clientId, revision, value: outcome.record });
          return held(outcome.record).published;
        } catch (error) {
          if (!(error instanceof StateConflict)) throw error;
          if (attempt < attempts) continue;
          throw new Problem(problems.unavailable, `too many changes at once for device ${clientId}; try again`, {
            retryAfterSeconds: 1,
            cause: error,
          });
        }
      }
    });
  }

  #base(stored: Stored<ManifestRecord> | undefined): Base {
    if (stored) return { record: stored.value, expect: stored.revision };
    return { record: { ...this.#first.record, text: this.#first.text }, expect: 'absent' };
  }

  async #nextEpoch(clientId: string, base: Base, etag?: string): Promise<Outcome> {
    const { record, expect } = base;
    const epoch = epochAfter(record.version, record.epoch);
    const composed = await this.#compose(clientId, record, epoch, await this.#blobs.all(clientId, record));
    const foreign = etag === undefined ? record.foreign : noteForeign(record.foreign, etag, this.#parts.clock.now());
    const next = successor(record, composed, record.form, epoch, foreign);
    return { changes: publication(clientId, record, next, composed, expect), record: next };
  }

  #compose(
    clientId: string,
    base: ManifestRecord,
    epoch: number,
    deployments: readonly { readonly id: string; readonly bytes: Uint8Array }[],
  ): ReturnType<typeof composeManifest> {
    const version = nextVersion(base.version, epoch);
    return composeManifest({ clientId, version, deployments, basePath: this.basePath });
  }

  async #blob(
    clientId: string,
    digest: string,
    listed: (contents: Contents) => boolean,
  ): Promise<Uint8Array | undefined> {
    const known = this.#held.get(clientId);
    return known && this.#blobs.read(clientId, digest, known.record, listed);
  }
}

/** The commit still holds the record, so that `alongside` cannot slip past another host's change. */
function unchanged(clientId: string, base: Base, form: SignedForm, alongside: readonly Change[]): Outcome {
  if (alongside.length === 0 && base.record.form === form) return { changes: [], record: base.record };
  const record = { ...base.record, form };
  return { changes: [put(manifests, clientId, record, base.expect), ...alongside], record };
}

function held({ text, ...record }: ManifestRecord): Held {
  const bytes = Buffer.from(text, 'utf8');
  return { published: Object.freeze({ version: record.version, bytes, etag: record.etag }), record };
}

const emptyRecord: ManifestRecord = Object.freeze({
  version: 1,
  epoch: 0,
  form: 'D2',
  text: '',
  etag: '',
  contents: noContents,
  retired: Object.freeze([]),
  delivered: 1,
  issued: Object.freeze([]),
});
const emptyHeld = Object.freeze({ ...held(emptyRecord), text: '' });
