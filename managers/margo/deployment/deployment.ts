import type { Component, DeploymentType, Extensions, JsonObject, Parameters } from '../application/description.js';

/** What a device gets of a profile. A `DeploymentProfile` fits in. */
export interface DeployedProfile {
  readonly type: DeploymentType;
  readonly components: readonly Component[];
  readonly deviceConstraints?: JsonObject;
  readonly extensions: Extensions;
}

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
