import type {
  ApplyCall,
  ArtifactRegistry,
  Clock,
  ComponentType,
  DesiredApplication,
  DesiredComponent,
  Logger,
  TargetFault,
} from '../../../core/plugin/index.js';
import type { Login } from '../../shared/logins/index.js';
import type { Cluster } from './cluster.js';
import type { K3sConfig } from './config.js';
import type { ObjectKey, ObjectMetadata } from './kubernetes.js';
import type { Namespaces } from './namespaces.js';

/**
 * How components of one deployment type come onto the cluster: plain manifests, or Helm one way or the other. What is the
 * same for all of them the target does: turns, what is already so, waiting until it runs, the phases and reasons of
 * workloads, watching and logs.
 */
export interface Driver {
  readonly type: ComponentType;
  /** `apply` ends by itself when the component's timeout is over. Otherwise it is ended then. */
  readonly keepsTime?: boolean;
  /** Which way it works on this cluster, and why, for a person: shown beside the health. Cheap, it asks nobody. */
  way(): string | undefined;
  /** The same, asked now, also before anything has begun; changes nothing. Absent: it has only one way. @throws TargetFault */
  findWay?(signal: AbortSignal): Promise<string>;
  /** What changes when a release changes by itself: watched, so that `releases` is read again. */
  readonly watched: readonly Watched[];
  /** Everything that this driver made for this owner and has not wholly removed, read from the cluster now. */
  releases(signal: AbortSignal): Promise<readonly Release[]>;
  /**
   * Resolves when the cluster has taken the component as it is desired: afterwards `releases` tells it as `deployed`, with
   * its digest. Never called for what is already so and runs. The target then waits until it runs, when that is wanted;
   * a driver that waits by itself keeps to `component.timeout`.
   *
   * @throws TargetFault, or the signal's reason
   */
  apply(request: ApplyRequest, call: ApplyCall): Promise<void>;
  /**
   * Makes the component absent: resolves when nothing of it is left that `releases` would tell. Absent already is success.
   *
   * @throws TargetFault, or the signal's reason
   */
  remove(request: RemoveRequest, call: ApplyCall): Promise<void>;
  /**
   * Makes sure that the component can be had, and changes nothing: what is there of another deployment type goes next.
   *
   * @throws TargetFault `artifact` or `invalid` when it cannot, or the signal's reason
   */
  ensureAvailable(request: ApplyRequest, call: ApplyCall): Promise<void>;
  /**
   * Called when `apply` failed, whether or not it had changed anything by then, or when what it made does not come to run:
   * goes back to the last revision that ran, if something was changed and there is one that is not this one. Nobody waits
   * for that to run again. Absent: the driver does so by itself in `apply`, or cannot.
   *
   * @param fault why
   * @returns the revision that it went back to, nothing where there was none
   */
  goBack?(request: ApplyRequest, call: ApplyCall, fault: TargetFault): Promise<string | undefined>;
  /** Called when what was applied was seen to run: it is what `goBack` goes back to when a later one does not. */
  noteRuns?(request: ApplyRequest, call: ApplyCall): Promise<void>;
}

export interface ApplyRequest {
  readonly application: DesiredApplication;
  readonly component: DesiredComponent;
  /** Digest of the component by the driver's type. */
  readonly applied: string;
  /** Where it goes: of the deployment, or of the config. */
  readonly namespace: string;
  /** What `releases` told of it, when it is there already: in that namespace. */
  readonly present?: Release;
  /** Whether that runs: it is then what `goBack` goes back to. */
  readonly presentRuns: boolean;
}

export interface RemoveRequest {
  readonly application: { readonly id: string; readonly name: string };
  readonly component: string;
  readonly purge: boolean;
  /** What `releases` told of it; nothing when it is absent as far as is known, and only remains may be left. */
  readonly present?: Release;
}

/** A component as the cluster has it, without what its workloads say. */
export interface Release {
  readonly application: { readonly id: string; readonly name: string };
  readonly component: string;
  readonly namespace: string;
  /** The digest of what was wholly applied. Absent while an installation or update has not come to its end. */
  readonly applied?: string;
  /** The revision of that, for a person. */
  readonly revision?: string;
  /**
   * - `pending`: something is being done on it by the cluster, or was and was given up on.
   * - `deployed`: the cluster has taken all of it. Whether it runs is told by its workloads.
   * - `failed`: it could not be brought onto the cluster.
   */
  readonly state: 'pending' | 'deployed' | 'failed';
  /** Why it is so, for a person; expected with `failed`. */
  readonly reason?: string;
  /**
   * Whether an object in the cluster is the release's own: Deployments, StatefulSets, DaemonSets, Jobs, CronJobs and bare
   * Pods are asked about. What those made themselves (pods, replica sets) is found by its owner references.
   */
  owns(object: OwnedObject): boolean;
  /** Where its workloads are, besides `namespace`. */
  readonly namespaces?: readonly string[];
  /** Workloads that must be there; one that is missing makes it `stopped`. Absent: not known. */
  readonly expected?: readonly ObjectKey[];
}

export interface OwnedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMetadata;
}

/** A list of the API that the target watches. */
export interface Watched {
  /** `/api/v1/secrets`, `/apis/helm.cattle.io/v1/helmcharts`. */
  readonly path: string;
  readonly labelSelector?: string;
}

/** What a driver gets to work with. */
export interface DriverContext {
  readonly cluster: Cluster;
  readonly config: K3sConfig;
  readonly registry: ArtifactRegistry;
  readonly clock: Clock;
  readonly log: Logger;
  /** A folder of the target's own, which exists and which nobody else may read. For what a call needs, no longer. */
  readonly directory: string;
  readonly resolvePath: (path: string) => string;
  /** Makes namespaces that are missing, and removes those of ours that nothing is left in. */
  readonly namespaces: Namespaces;
  /**
   * The credentials of the config, with password files read anew, and those that this device is handed. Never in a log, a
   * label or an annotation.
   */
  logins(signal: AbortSignal): Promise<readonly Login[]>;
}
