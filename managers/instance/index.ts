import { type EventType, eventType, type Json, ref, type StatusReport } from '../../core/ports/index.js';

export type InstanceState = 'PENDING' | 'INSTALLING' | 'INSTALLED' | 'UPDATING' | 'REMOVING' | 'REMOVED' | 'FAILED';
export type InstanceOperation = 'DEPLOY' | 'UPDATE' | 'DELETE';

/** A solution on a device, with parameter values. Its id is the deployment id of the standard (a UUID). */
export interface InstanceRecord {
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly packageId: string;
  readonly applicationId: string;
  readonly version: string;
  readonly clientId: string;
  /** Which of the client's devices. */
  readonly deviceId: string;
  readonly profileId: string;
  /** What the operator gave, before defaults. */
  readonly values: Readonly<Record<string, Json>>;
  readonly operation: InstanceOperation;
  readonly state: InstanceState;
  /** The device's newest report since the last change. */
  readonly report?: StatusReport;
  /** Milliseconds since the epoch. */
  readonly reportedAt?: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** One device by client id, or any onboarded one whose reported labels have all of these. */
export type DeviceSelector = { readonly id: string } | { readonly labels: Readonly<Record<string, Json>> };

export interface CreateInstance {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly packageId: string;
  readonly device: DeviceSelector;
  /** Profile id or type; the first eligible one unless told. */
  readonly profile?: string;
  readonly values?: Readonly<Record<string, Json>>;
}

/** What is given takes the place of what was; what is not stays. */
export interface UpdateInstance {
  /** Another version of the same application. */
  readonly packageId?: string;
  readonly values?: Readonly<Record<string, Json>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** These never change: given, they must be what they are. */
  readonly name?: string;
  readonly namespace?: string;
  readonly device?: DeviceSelector;
  readonly profile?: string;
}

export interface InstanceQuery {
  readonly limit?: number;
  readonly after?: string;
  readonly clientId?: string;
  readonly packageId?: string;
  /** Not with `packageId`. */
  readonly name?: string;
  /** Only with `name`. */
  readonly namespace?: string;
}

export interface InstancePage {
  readonly items: readonly (InstanceRecord & { readonly revision: number })[];
  readonly next?: string;
  readonly total: number;
}

export const InstanceChanged: EventType<{
  readonly id: string;
  readonly clientId: string;
  readonly state: InstanceState;
}> = eventType('instance.changed');

/** Deployments: created, updated and deleted by operators, reported on by devices. */
export interface InstanceManager {
  /**
   * The same namespace and name may be on many devices, but on each of them once.
   * @throws Problem 404, 409 (not placeable, with the reasons of every candidate; or there already, named by
   * `deploymentId`), 422
   */
  create(request: CreateInstance): Promise<InstanceRecord>;
  /**
   * @param request or what makes it of the present instance, which nobody else can change meanwhile
   * @param expected revision that the caller believes to change
   * @throws Problem 404, 409, 412, 422
   */
  update(
    id: string,
    request: UpdateInstance | ((present: InstanceRecord) => UpdateInstance),
    expected?: number,
  ): Promise<InstanceRecord>;
  /**
   * Removes it from the device; the record goes when the device reports it removed, or has a manifest without it and never
   * said anything of it, or at once when forced.
   * @param expected revision that the caller believes to delete. @throws Problem 404, 412
   */
  delete(id: string, force: boolean, expected?: number): Promise<InstanceRecord>;
  get(id: string): Promise<InstanceRecord & { readonly revision: number }>;
  list(query: InstanceQuery): Promise<InstancePage>;
  /**
   * A device's report. An unknown deployment, or another device's, is 404 and changes nothing.
   * A repeated report changes nothing.
   */
  report(clientId: string, report: StatusReport): Promise<void>;
  /**
   * A device has shown that it has this version of its manifest: what that leaves out and the device never said anything
   * of has gone with it. From memory, unless there is such a deployment.
   */
  adopted(clientId: string, version: number): Promise<void>;
  /** Deployments that use a package, without reading them. */
  countByPackage(packageId: string): Promise<number>;
  /** Yields the present ones first, then every change. */
  watch(query: Pick<InstanceQuery, 'clientId'>, signal: AbortSignal): AsyncIterable<InstanceRecord>;
}

export const InstanceManager = ref<InstanceManager>('manager.instance');
