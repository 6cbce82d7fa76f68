import type { DesiredApplication } from '../../../core/ports/index.js';
import type { Finding } from '../finding.js';
import type { Deployment } from './deployment.js';

export interface DeploymentReading {
  /** Absent exactly when there are faults. */
  readonly deployment?: Deployment;
  readonly faults: readonly Finding[];
}

/** Reads an ApplicationDeployment in any of its forms; never throws for what the bytes say. */
export function readDeployment(_bytes: Uint8Array): DeploymentReading {
  throw new Error('not written yet');
}

/** What a target is asked for: timeouts in milliseconds, defaults filled in, parameters by component and pointer. */
export function desiredApplication(_deployment: Deployment): DesiredApplication {
  throw new Error('not written yet');
}
