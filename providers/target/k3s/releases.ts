import type { Cluster } from './cluster.js';
import { type ComponentState, componentState, workloadsOf } from './component-status.js';
import type { Driver, Release } from './driver.js';
import { explanation } from './explanation.js';
import type { Workload } from './workload-model.js';
import { workloadsIn } from './workloads.js';

/** A release with the driver that made it. */
export interface Found {
  readonly driver: Driver;
  readonly release: Release;
}

/** What is there of all drivers, read from the cluster at each call. */
export class Releases {
  constructor(
    private readonly cluster: Cluster,
    private readonly drivers: readonly Driver[],
  ) {}

  async all(signal: AbortSignal): Promise<readonly Found[]> {
    const all = await Promise.all(
      this.drivers.map(async (driver) => (await driver.releases(signal)).map((release) => ({ driver, release }))),
    );
    return all.flat();
  }

  async of(applicationId: string, component: string, signal: AbortSignal): Promise<readonly Found[]> {
    const all = await this.all(signal);
    return all.filter(({ release }) => release.application.id === applicationId && release.component === component);
  }

  /** Of all namespaces that something of these releases is in. */
  async workloads(releases: readonly Release[], signal: AbortSignal): Promise<readonly Workload[]> {
    const namespaces = new Set(releases.flatMap(({ namespace, namespaces = [] }) => [namespace, ...namespaces]));
    const all = await Promise.all([...namespaces].map((each) => workloadsIn(this.cluster, each, signal)));
    return all.flat();
  }

  async state(release: Release, signal: AbortSignal): Promise<ComponentState> {
    return componentState(release, workloadsOf(release, await this.workloads([release], signal)));
  }

  /** With a reason that tells all there is to tell. */
  async explained(release: Release, signal: AbortSignal, workloads?: readonly Workload[]): Promise<ComponentState> {
    const known = workloads ?? (await this.workloads([release], signal));
    const { reason: plain, ...state } = componentState(release, workloadsOf(release, known));
    const told = plain === undefined ? state : { ...state, reason: plain };
    const reason = await explanation(this.cluster, told, signal);
    return reason === undefined ? state : { ...state, reason };
  }
}
