import type { DeployedProfile, Parameters } from '../application/description.js';

/** An ApplicationDeployment (section "Desired State"), in one form whatever its age. */
export interface Deployment {
  /** Given by the fleet manager, the same across changes of content. */
  readonly id: string;
  /** Both fit for Kubernetes. */
  readonly name: string;
  readonly namespace: string;
  /** Absent in D1. */
  readonly deviceId?: string;
  readonly applicationId: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly profile: DeployedProfile;
  readonly parameters: Parameters;
}
