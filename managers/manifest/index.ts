import { type Change, ref } from '../../core/ports/index.js';
import type { Deployment, SignedForm } from '../margo/index.js';

/** A manifest ready to be sent. */
export interface PublishedManifest {
  readonly version: number;
  /** Exact response bytes. */
  readonly bytes: Uint8Array;
  /** `sha256:<hex>` of `bytes`, which is also the ETag. */
  readonly etag: string;
}

/** The manifest that a change leads to, before it is written. */
export interface NextManifest {
  readonly version: number;
  /** Whether the client gets bytes for this deployment that the manifest before does not list for it. */
  readonly renews: (deploymentId: string) => boolean;
}

/** What a device shall run from now on, and what else changes with it. */
export interface DesiredChange {
  readonly deployments: readonly Deployment[];
  readonly form: SignedForm;
  /** What is written in the same atomic commit as the manifest. */
  readonly alongside: (next: NextManifest) => readonly Change[];
}

/**
 * Per client: manifest, bundle and deployment blobs, made at change time and served from memory.
 * `manifestVersion` strictly increases per client across restarts and restores (docs: manifest epoch).
 */
export interface ManifestManager {
  /** Path that the addresses in a manifest begin with. */
  readonly basePath: string;
  /** From memory. A client that never had a deployment has version 1 with an empty list; an unknown one has none. */
  current(clientId: string): PublishedManifest | undefined;
  /**
   * A client's manifests as they come: the present one at once, then each new one, whichever host on the store made it.
   * Who reads slowly is given the newest only. Ends with the signal, and with a client that is removed while it has a
   * manifest of its own. From memory: thousands may be followed at the same time.
   */
  changes(clientId: string, signal: AbortSignal): AsyncIterable<PublishedManifest>;
  /**
   * Tells of each client whose manifest has changed from now on, whichever host on the store made it.
   * @returns ends it
   */
  follow(changed: (clientId: string) => void): () => void;
  /**
   * Changes what a client shall run, one change of a client after the other.
   * @param change called inside the client's turn, again if the commit lost a race; reads must happen in it
   */
  update(clientId: string, change: () => Promise<DesiredChange>): Promise<PublishedManifest>;
  /** Bytes of a bundle or deployment that the client's manifest has, or lately had; never another client's. */
  bundle(clientId: string, digest: string): Promise<Uint8Array | undefined>;
  deployment(clientId: string, deploymentId: string, digest: string): Promise<Uint8Array | undefined>;
  /**
   * Told the ETag that a client holds. One that this store never issued means that the store is older than the client
   * (a restored backup): the client's version then moves to the next epoch, so that it accepts manifests again.
   */
  observe(clientId: string, etag: string): Promise<void>;
  /**
   * Notes that a client is given a version, or showed that it has it. Comes before the answer, so that what the client
   * says next finds it noted, whichever host it asks and whatever dies meanwhile. Written once for each version.
   */
  noteDelivered(clientId: string, version: number): Promise<void>;
  /** Whether a client was given this version or a newer one. */
  wasDelivered(clientId: string, version: number): Promise<boolean>;
  /** Moves a client's version to the next epoch, by an operator's decision. */
  advanceEpoch(clientId: string): Promise<PublishedManifest>;
  /** What to commit so that nothing of a client is left. Fails with a conflict when its manifest changes meanwhile. */
  removal(clientId: string): Promise<readonly Change[]>;
  /** Clients that have a manifest of their own, with the form that it is in. From memory. */
  clients(): Iterable<{ readonly clientId: string; readonly form: SignedForm }>;
}

export const ManifestManager = ref<ManifestManager>('manager.manifest');
