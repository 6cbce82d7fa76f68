import { definePort } from './port.js';
import type { PullCredential } from './pull-credentials.js';
import type { Json } from './state.js';

/**
 * A manifest as received: exact bytes and the ETag that came with them.
 * @experimental
 */
export interface FetchedManifest {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

/**
 * Why the fleet manager could not be used, by what the caller can do about it.
 * @experimental
 */
export class FleetManagerFault extends Error {
  override readonly name = 'FleetManagerFault';
  constructor(
    /**
     * - `unreachable`: no answer, or none that makes sense; the same call can succeed later.
     * - `refused`: it does not take this device's credentials.
     * - `not-found`: it does not know the device, or the document.
     * - `invalid`: it does not take what was sent.
     * - `busy`: it asks to come back later.
     * - `unsupported`: it does not know this kind of call at all.
     */
    readonly reason: 'unreachable' | 'refused' | 'not-found' | 'invalid' | 'busy' | 'unsupported',
    message: string,
    /** Milliseconds the other side asked us to wait (Retry-After). */
    readonly retryAfter?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * How one component is.
 * @experimental
 */
export interface ComponentReport {
  readonly name: string;
  readonly state: DeploymentState;
  readonly error?: ReportedError;
}

/**
 * Where a deployment or a component stands (Margo, deployment status).
 * @experimental
 */
export type DeploymentState = 'pending' | 'installing' | 'installed' | 'failed' | 'removing' | 'removed';

/**
 * Why something failed: `code` for programs, `source` names what failed, `message` is for a person.
 * @experimental
 */
export interface ReportedError {
  readonly code: string;
  readonly source: string;
  readonly message: string;
}

/**
 * How one deployment is, and each of its components.
 * @experimental
 */
export interface StatusReport {
  readonly deploymentId: string;
  readonly state: DeploymentState;
  readonly error?: ReportedError;
  readonly components: readonly ComponentReport[];
}

/**
 * A device's line to its fleet manager, whatever dialect and transport carry it.
 *
 * When: between `start` and `stop`, any calls at the same time; `enroll` before all that take a `clientId`. Aborting
 * the signal ends the call with its reason.
 *
 * After a crash: the device's identity is kept, so that enrolling again gives the same id. Nothing else is.
 *
 * Again: everything may be. A report is the whole truth of now and takes the place of the one before.
 *
 * What holds: bytes are handed over unread, at most `limit` of them; the caller checks every digest.
 *
 * Errors: all calls reject with {@link FleetManagerFault}, an abort excepted.
 * @experimental
 */
export interface FleetManager {
  /**
   * Presents the device's identity. Resolves with the id by which the manager knows us: the same one however often it is
   * called, and after a restart as well.
   */
  enroll(signal: AbortSignal): Promise<string>;
  /**
   * Resolves when the fleet manager has taken them, and not before.
   *
   * @param capabilities the document, in the form that the dialect has
   */
  reportCapabilities(
    clientId: string,
    capabilities: Readonly<Record<string, Json>>,
    signal: AbortSignal,
  ): Promise<void>;
  /** @returns `undefined` when the manifest is still the one of `etag` */
  manifest(clientId: string, etag: string | undefined, signal: AbortSignal): Promise<FetchedManifest | undefined>;
  /**
   * ETags of the client's manifests as they come, for a fleet manager that tells of them: the present one unless it is
   * `since`, then each new one. Says when to ask for the manifest, and nothing else. Returns when the other side ends
   * it. Fails as `unsupported` where nobody tells.
   */
  changes?(clientId: string, since: string | undefined, signal: AbortSignal): AsyncIterable<string>;
  /** All documents of a manifest in one archive. @param limit in bytes; of more nothing is taken */
  bundle(clientId: string, digest: string, limit: number, signal: AbortSignal): Promise<Uint8Array>;
  /** One document. @param limit in bytes; of more nothing is taken */
  deployment(
    clientId: string,
    deploymentId: string,
    digest: string,
    limit: number,
    signal: AbortSignal,
  ): Promise<Uint8Array>;
  /**
   * How one deployment is. Resolves when the fleet manager has taken the report, and not before; one that is too long for
   * the line rejects, and no part of it is taken.
   */
  reportStatus(clientId: string, report: StatusReport, signal: AbortSignal): Promise<void>;
  /**
   * New credentials for this device's pulls; those that were handed out before may not count any more. Fails as
   * `unsupported` where nobody hands any out.
   */
  pullCredentials?(clientId: string, signal: AbortSignal): Promise<readonly PullCredential[]>;
}

export const FleetManager = definePort<FleetManager>('wfm', "A device's line to its fleet manager", {
  boundary: {
    members: {
      enroll: 'long',
      reportCapabilities: 'long',
      manifest: 'long',
      changes: 'stream',
      bundle: 'long',
      deployment: 'long',
      reportStatus: 'long',
      pullCredentials: 'long',
    },
    faults: [FleetManagerFault],
    broken: (message) => new FleetManagerFault('unreachable', message),
    functions: false,
  },
});
