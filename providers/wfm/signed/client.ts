import { answerTo, type ClientSettings, call, clientOf, signedBy } from '../../../core/client/index.js';
import type { Clock, Lifecycle } from '../../../core/plugin/index.js';
import {
  type FetchedManifest,
  type FleetManager,
  FleetManagerFault,
  type Json,
  type PullCredential,
  type StatusReport,
  type Transport,
} from '../../../core/ports/index.js';
import * as operations from '../../../vendors/device-signed/operations.js';
import { fleetManagerFault, refuseUnsupported } from './faults.js';
import type { DeviceIdentity } from './identity.js';

export interface ClientOptions {
  readonly transport: Transport;
  /** Path of the device API on the other side. */
  readonly prefix: string;
  /** Milliseconds for a whole exchange. */
  readonly timeout: number;
  readonly clock: Clock;
  /** Reads or makes the device's identity. */
  readonly identity: () => Promise<DeviceIdentity>;
}

const [manifestType] = operations.manifest.output.mediaTypes;

/** The device API of the signed dialect, from the device's side (preview 1 and early rc.2), over any transport. */
export class SignedFleetManager implements FleetManager, Lifecycle {
  readonly #settings: ClientSettings;
  readonly #wfm: ReturnType<typeof clientOf<typeof operations>>;
  #identity: DeviceIdentity | undefined;

  constructor(private readonly options: ClientOptions) {
    const { transport, prefix, timeout, clock } = options;
    // Signed anew for each attempt: a fleet manager takes a signature once.
    this.#settings = { transport, prefix, timeout, credentials: signedBy(() => this.#device().key, clock) };
    this.#wfm = clientOf(operations, this.#settings);
  }

  async start(): Promise<void> {
    this.#identity = await this.options.identity();
  }

  async enroll(signal: AbortSignal): Promise<string> {
    const { certificate } = this.#device();
    const request = { apiVersion: 'onboarding.margo.org/v1alpha1', kind: 'OnboardingRequest', certificate };
    const { clientId } = await this.#asked(operations.onboard, signal, this.#wfm.onboard(request, { signal }));
    if (clientId !== '') return clientId;
    throw new FleetManagerFault('invalid', 'the fleet manager answered the onboarding without a clientId');
  }

  async reportCapabilities(
    clientId: string,
    capabilities: Readonly<Record<string, Json>>,
    signal: AbortSignal,
  ): Promise<void> {
    const { reportCapabilities: operation } = operations;
    // What is answered says nothing more: the standard leaves it open, and servers differ.
    const answer = answerTo(this.#settings, operation, { clientId, document: capabilities }, { signal });
    await this.#asked(operation, signal, answer);
  }

  async manifest(
    clientId: string,
    etag: string | undefined,
    signal: AbortSignal,
  ): Promise<FetchedManifest | undefined> {
    const asked = { ifNoneMatch: etag, accept: manifestType, signal };
    const answer = await this.#asked(
      operations.manifest,
      signal,
      call(this.#settings, operations.manifest, { clientId }, asked),
    );
    return answer.kind === 'not-modified' ? undefined : { bytes: answer.bytes, etag: answer.etag ?? '' };
  }

  async *changes(
    clientId: string,
    since: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<string, void, undefined> {
    const { changes: operation } = operations;
    const answer = this.#wfm.changes({ clientId }, { resumeAfter: since, signal });
    const { items } = await this.#asked(operation, signal, answer.catch(refuseUnsupported));
    try {
      for await (const { data } of items) yield data.etag;
    } catch (error) {
      throw this.#fault(error, operation, signal);
    }
  }

  async bundle(clientId: string, digest: string, limit: number, signal: AbortSignal): Promise<Uint8Array> {
    const answer = this.#wfm.bundle({ clientId, digest }, { signal, answerLimit: limit });
    return (await this.#asked(operations.bundle, signal, answer)).bytes;
  }

  async deployment(
    clientId: string,
    deploymentId: string,
    digest: string,
    limit: number,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const answer = this.#wfm.deployment({ clientId, deploymentId, digest }, { signal, answerLimit: limit });
    return (await this.#asked(operations.deployment, signal, answer)).bytes;
  }

  async reportStatus(clientId: string, report: StatusReport, signal: AbortSignal): Promise<void> {
    const { deploymentId, state, error, components } = report;
    const document = {
      apiVersion: 'deployment.margo.org/v1alpha1',
      kind: 'DeploymentStatusManifest',
      deploymentId,
      status: { state, ...(error && { error: { ...error } }) },
      components: components.map((component) => ({
        name: component.name,
        state: component.state,
        ...(component.error && { error: { ...component.error } }),
      })),
    };
    const { reportStatus: operation } = operations;
    await this.#asked(
      operation,
      signal,
      answerTo(this.#settings, operation, { clientId, deploymentId, document }, { signal }),
    );
  }

  async pullCredentials(clientId: string, signal: AbortSignal): Promise<readonly PullCredential[]> {
    const { pullCredentials: operation } = operations;
    const answer = this.#wfm.pullCredentials({ clientId }, { signal }).catch(refuseUnsupported);
    const { credentials } = await this.#asked(operation, signal, answer);
    return credentials.map(({ expiresAt, ...one }) => ({ ...one, ...(expiresAt !== undefined && { expiresAt }) }));
  }

  #device(): DeviceIdentity {
    if (!this.#identity) throw new Error('used before start');
    return this.#identity;
  }

  async #asked<T>(operation: { readonly id: string }, signal: AbortSignal, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      throw this.#fault(error, operation, signal);
    }
  }

  #fault(error: unknown, { id }: { readonly id: string }, signal: AbortSignal): unknown {
    return signal.aborted ? signal.reason : fleetManagerFault(error, `${id} at ${this.#settings.transport.address}`);
  }
}
