import { definePort } from './port.js';
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
    /** `unsupported`: it does not know this kind of call at all. */
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
 * Bytes are handed over unread: the caller checks every digest. All calls reject with {@link FleetManagerFault}.
 * @experimental
 */
export interface FleetManager {
  /** Presents the device's identity. Repeating it gives the same id. Resolves with the id by which the manager knows us. */
  enroll(signal: AbortSignal): Promise<string>;
  reportCapabilities(
    clientId: string,
    capabilities: Readonly<Record<string, Json>>,
    signal: AbortSignal,
  ): Promise<void>;
  /** @returns `undefined` when the manifest is still the one of `etag` */
  manifest(clientId: string, etag: string | undefined, signal: AbortSignal): Promise<FetchedManifest | undefined>;
  /**
   * ETags of the client's manifests as they come, for a fleet manager that tells of them: the present one unless it is
   * `since`, then each new one. Says when to ask for the manifest, and nothing else. Returns when the other side ends it.
   * Fails as `unsupported` where nobody tells.
   */
  changes?(clientId: string, since: string | undefined, signal: AbortSignal): AsyncIterable<string>;
  bundle(clientId: string, digest: string, limit: number, signal: AbortSignal): Promise<Uint8Array>;
  deployment(
    clientId: string,
    deploymentId: string,
    digest: string,
    limit: number,
    signal: AbortSignal,
  ): Promise<Uint8Array>;
  reportStatus(clientId: string, report: StatusReport, signal: AbortSignal): Promise<void>;
}

export const FleetManager = definePort<FleetManager>('wfm', "A device's line to its fleet manager");
