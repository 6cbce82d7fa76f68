import { PassThrough } from 'node:stream';
import {
  type FetchedManifest,
  type FleetManager,
  FleetManagerFault,
  type StatusReport,
} from '../../core/ports/index.js';
import {
  type ComposedManifest,
  composeManifest,
  type Deployment,
  renderDeployment,
} from '../../managers/margo/index.js';

/** A fleet manager in memory that a test can make late, wrong or forgetful. */
export class FakeFleetManager implements FleetManager {
  clientId = 'client-1';
  /** Every status that came, oldest first, as `deployment state`. */
  readonly reports: StatusReport[] = [];
  readonly calls: string[] = [];
  /** Thrown instead of answering, by call name; stays until removed. */
  readonly faults = new Map<string, FleetManagerFault>();
  /** Changes what is sent under a digest. */
  tamper: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes;
  readonly #listeners = new Set<{ readonly clientId: string; readonly told: PassThrough }>();
  #manifest: ComposedManifest | undefined;

  async publish(version: number, deployments: readonly Deployment[]): Promise<void> {
    this.#manifest = await composeManifest({
      clientId: this.clientId,
      version,
      basePath: '/api/v1',
      deployments: deployments.map((deployment) => ({ id: deployment.id, bytes: renderDeployment(deployment, 'D2') })),
    });
  }

  async enroll(): Promise<string> {
    this.#called('enroll');
    return this.clientId;
  }

  async reportCapabilities(): Promise<void> {
    this.#called('capabilities');
  }

  async manifest(_clientId: string, etag: string | undefined): Promise<FetchedManifest | undefined> {
    this.#called(etag === undefined ? 'manifest' : 'manifest if changed');
    if (!this.#manifest) throw new FleetManagerFault('busy', 'nothing to say yet');
    return this.#manifest.etag === etag
      ? undefined
      : { bytes: this.#manifest.manifestBytes, etag: this.#manifest.etag };
  }

  /** Clients that listen for changes at the moment. */
  get followed(): string[] {
    return [...this.#listeners].map(({ clientId }) => clientId);
  }

  async *changes(
    clientId: string,
    since: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<string, void, undefined> {
    this.#called(`changes after ${since}`);
    const told = new PassThrough({ objectMode: true, signal });
    const listener = { clientId, told };
    this.#listeners.add(listener);
    try {
      for await (const etag of told) yield String(etag);
    } finally {
      this.#listeners.delete(listener);
    }
  }

  tell(etag: string): void {
    for (const { told } of this.#listeners) told.write(etag);
  }

  hangUp(): void {
    for (const { told } of this.#listeners) told.end();
  }

  async bundle(): Promise<Uint8Array> {
    this.#called('bundle');
    if (!this.#manifest?.bundle) throw new FleetManagerFault('not-found', 'no bundle');
    return this.tamper(this.#manifest.bundle.bytes);
  }

  async deployment(_clientId: string, deploymentId: string): Promise<Uint8Array> {
    this.#called(`deployment ${deploymentId}`);
    const blob = this.#manifest?.blobs.find((one) => one.deploymentId === deploymentId);
    if (!blob) throw new FleetManagerFault('not-found', 'no such deployment');
    return this.tamper(blob.bytes);
  }

  async reportStatus(_clientId: string, report: StatusReport): Promise<void> {
    this.#called('status');
    this.reports.push(report);
  }

  /** The newest state that was reported of each deployment. */
  states(): Record<string, string> {
    return Object.fromEntries(this.reports.map(({ deploymentId, state }) => [deploymentId, state]));
  }

  #called(name: string): void {
    this.calls.push(name);
    const fault = this.faults.get(name.split(' ')[0] ?? name);
    if (fault) throw fault;
  }
}
