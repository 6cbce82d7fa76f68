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

/** What a device shall run from now on, and what else changes with it. */
export interface DesiredChange {
  readonly deployments: readonly Deployment[];
  readonly form: SignedForm;
  /** Written in the same atomic commit as the manifest. */
  readonly alongside: readonly Change[];
}

/**
 * Per client: manifest, bundle and deployment blobs, made at change time and served from memory.
 * `manifestVersion` strictly increases per client across restarts and restores (docs: manifest epoch).
 */
export interface ManifestManager {
  /**
   * From memory. A client that never had a deployment has version 1 with an empty list, whether or not {@link create}
   * was called for it. `undefined` for an unknown client.
   */
  current(clientId: string): PublishedManifest | undefined;
  /** Gives a new client its first manifest. Idempotent. */
  create(clientId: string): Promise<void>;
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
  /** Moves a client's version to the next epoch, by an operator's decision. */
  advanceEpoch(clientId: string): Promise<PublishedManifest>;
  /** What to commit so that nothing of a client is left. Fails with a conflict when its manifest changes meanwhile. */
  remove(clientId: string): readonly Change[];
  /** Clients that have a manifest of their own, with the form that it is in. From memory. */
  clients(): Iterable<{ readonly clientId: string; readonly form: SignedForm }>;
}

export const ManifestManager = ref<ManifestManager>('manager.manifest');
