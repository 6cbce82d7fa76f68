import type { FieldFault } from '../../../core/operation/index.js';
import type { DeploymentState, Json, StatusReport } from '../../../core/ports/index.js';

export type StatusReading =
  | {
      readonly outcome: 'ok';
      readonly report: StatusReport;
      /** The child device that it is about, when it is about one. */
      readonly deviceId?: string;
      readonly adoptedManifestVersion?: number;
    }
  /** Not such a document at all: 400. */
  | { readonly outcome: 'unreadable'; readonly faults: readonly FieldFault[] }
  /** Readable but wrong: 422. */
  | { readonly outcome: 'invalid'; readonly faults: readonly FieldFault[] };

/**
 * Reads a DeploymentStatusManifest (section "Deployment Status") of any form from parsed JSON.
 *
 * @param deploymentId the id that the request's address names; the document's must be the same
 */
export function readStatus(_document: unknown, _deploymentId?: string): StatusReading {
  throw new Error('not written yet');
}

/** The most severe state: `failed > removing > installing > pending > removed > installed`. None: `pending`. */
export function overallState(_states: Iterable<DeploymentState>): DeploymentState {
  throw new Error('not written yet');
}

/** The document that an agent sends. */
export function statusDocument(_report: StatusReport): Readonly<Record<string, Json>> {
  throw new Error('not written yet');
}
