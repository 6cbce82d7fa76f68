import { type Clock, canonicalJson, type Health, type Lifecycle, type Logger } from '../../core/plugin/index.js';
import {
  type Change,
  type FleetManager,
  FleetManagerFault,
  type Json,
  put,
  remove,
  type StateProvider,
} from '../../core/ports/index.js';
import { backoff } from '../../core/work/index.js';
import {
  type CapabilitiesToReport,
  capabilitiesDocument,
  type DeviceCapabilities,
  digestOf,
  readCapabilities,
  readManifest,
  type SignedForm,
} from '../margo/index.js';
import type { ReconcileManager } from '../reconcile/index.js';
import { type FetchLimits, fetchDocuments, IntegrityFault } from './fetch.js';
import type { SyncManager, SyncStatus } from './index.js';
import { documents, type Position, positionKey, positions } from './records.js';
import { longestAsked } from './retry-after.js';
import { wantedFrom } from './wanted.js';

export interface SyncSettings {
  /** Milliseconds between polls; each wait is drawn from 90 to 110 % of it, so that a fleet does not poll in step. */
  readonly poll: number;
  readonly form: SignedForm;
  readonly limits: FetchLimits;
}

interface Dependencies {
  readonly fleet: FleetManager;
  readonly reconcile: ReconcileManager;
  readonly state: StateProvider;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: SyncSettings;
  /** What the device is and can do; the targets' part of it is asked anew each time. */
  readonly describe: () => Promise<CapabilitiesToReport>;
  /** Called when there is something to report, and somebody to report to: a client id, contact again, a new manifest. */
  readonly reportable: () => void;
}

const longestPause = 300_000;

/** The agent's line to its fleet manager: one loop that onboards, reports capabilities, and polls. */
export class Synchroniser implements SyncManager, Lifecycle {
  readonly #stopped = new AbortController();
  #position: Position | undefined;
  #contact: number | undefined;
  #trouble: string | undefined;
  #reported: string | undefined;
  #wake: AbortController | undefined;
  /** Asked to hurry while a turn was under way: the turn may have begun too early to see what is new. */
  #hurried = false;
  #loop: Promise<void> | undefined;

  constructor(private readonly on: Dependencies) {}

  async start(): Promise<void> {
    this.#position = (await this.on.state.get(positions, positionKey))?.value;
    if (this.#position) this.on.reportable();
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#loop;
  }

  health(): Health {
    return this.#trouble === undefined ? { status: 'ok' } : { status: 'degraded', reason: this.#trouble };
  }

  status(): SyncStatus {
    return {
      manifestVersion: this.#position?.version ?? 0,
      ...(this.#position && { clientId: this.#position.clientId }),
      ...(this.#contact !== undefined && { lastContact: this.#contact }),
      ...(this.#trouble !== undefined && { trouble: this.#trouble }),
    };
  }

  hurry(): void {
    this.#hurried = true;
    this.#wake?.abort();
  }

  position(): Position | undefined {
    return this.#position;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    for (let failures = 0; !signal.aborted; ) {
      let wait: number;
      try {
        await this.#turn(signal);
        failures = 0;
        this.#contact = this.on.clock.now();
        // Reports that failed meanwhile may wait for long before they would try again by themselves.
        if (this.#trouble !== undefined) this.on.reportable();
        this.#trouble = undefined;
        wait = this.on.settings.poll * (0.9 + 0.2 * Math.random());
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        wait = this.#afterFailure(error, failures);
      }
      await this.#pause(wait);
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    this.#hurried = false;
    const position = this.#position ?? (await this.#enrol(signal));
    const capabilities = await this.#reportCapabilities(position.clientId, signal);
    await this.#poll(position, capabilities, signal);
  }

  #afterFailure(error: unknown, failures: number): number {
    const fault = error instanceof FleetManagerFault ? error : undefined;
    const trouble = error instanceof Error ? error.message : String(error);
    // The same again and again is worth a line now and then; something else at once.
    const level = trouble !== this.#trouble || failures % 20 === 0 ? 'warn' : 'debug';
    this.#trouble = trouble;
    this.on.log[level](`no contact with the fleet manager: ${this.#trouble}`, {
      failures,
      ...(fault ? {} : { error }),
    });
    // An artifact that is gone mostly means that a newer manifest is there: soon asked for, without waiting a whole turn.
    const cap =
      fault?.reason === 'not-found'
        ? Math.min(this.on.settings.poll, longestPause)
        : Math.max(this.on.settings.poll, longestPause / 5);
    return fault?.retryAfter === undefined ? backoff(failures, 1000, cap) : Math.min(fault.retryAfter, longestAsked);
  }

  async #enrol(signal: AbortSignal): Promise<Position> {
    const clientId = await this.on.fleet.enroll(signal);
    const position: Position = { clientId, version: 0 };
    await this.on.state.commit([put(positions, positionKey, position)]);
    this.#position = position;
    this.on.log.info('onboarded', { clientId });
    this.on.reportable();
    return position;
  }

  async #reportCapabilities(clientId: string, signal: AbortSignal): Promise<DeviceCapabilities> {
    const document = capabilitiesDocument(await this.on.describe(), this.on.settings.form);
    const reading = readCapabilities(document);
    if (reading.outcome !== 'ok') {
      throw new Error(
        `the device's own capabilities are not valid: ${reading.faults.map(({ field, message }) => `${field}: ${message}`).join('; ')}`,
      );
    }
    const text = canonicalJson(document as Json);
    if (text !== this.#reported) {
      await this.#known(clientId, () => this.on.fleet.reportCapabilities(clientId, document, signal));
      this.#reported = text;
      this.on.log.info('capabilities reported');
    }
    return reading.capabilities;
  }

  async #poll(position: Position, capabilities: DeviceCapabilities, signal: AbortSignal): Promise<void> {
    const { clientId } = position;
    const fetched = await this.#known(clientId, () => this.on.fleet.manifest(clientId, position.etag, signal));
    if (!fetched) return;
    const digest = digestOf(fetched.bytes);
    if (fetched.etag.startsWith('sha256:') && fetched.etag !== digest) {
      throw new IntegrityFault(`the manifest should have the digest ${fetched.etag}, what came has ${digest}`);
    }
    const { manifest, faults } = readManifest(fetched.bytes);
    if (!manifest)
      throw new IntegrityFault(
        `the manifest is not valid: ${faults.map(({ field, message }) => `${field}: ${message}`).join('; ')}`,
      );
    if (manifest.version <= position.version) {
      this.on.log.error('security: an older manifest was offered and refused', {
        offered: manifest.version,
        held: position.version,
      });
      throw new IntegrityFault(
        `manifest version ${manifest.version} is not above ${position.version}: refused as a rollback`,
      );
    }
    const found = await fetchDocuments(
      clientId,
      manifest,
      this.on.fleet,
      this.on.state,
      this.on.settings.limits,
      signal,
    );
    const next: Position = { clientId, version: manifest.version, etag: fetched.etag };
    const wanted = [...found].map(([id, bytes]) => wantedFrom(id, bytes, capabilities));
    await this.on.reconcile.adopt(wanted, [
      put(positions, positionKey, next),
      ...(await this.#keep(manifest.deployments, found)),
    ]);
    this.#position = next;
    // The fleet manager awaits a word on each, even on those that come out as they were before.
    this.on.reportable();
    this.on.log.info('adopted a manifest', { version: manifest.version, deployments: found.size });
  }

  /** Documents to keep for the next time, and those to drop. */
  async #keep(
    listed: readonly { deploymentId: string; digest: string }[],
    found: ReadonlyMap<string, Uint8Array>,
  ): Promise<Change[]> {
    const changes = new Map<string, Change>();
    for (let after: string | undefined; ; ) {
      const page = await this.on.state.list(documents, { limit: 1000, ...(after !== undefined && { after }) });
      for (const { key } of page.items) changes.set(key, remove(documents, key));
      if (page.next === undefined) break;
      after = page.next;
    }
    for (const { deploymentId, digest } of listed) {
      const bytes = found.get(deploymentId);
      if (changes.has(digest) || !bytes) changes.delete(digest);
      else changes.set(digest, put(documents, digest, bytes));
    }
    return [...changes.values()];
  }

  /** A fleet manager that does not know us any more has lost its memory, or we were removed: we present ourselves anew. */
  async #known<T>(clientId: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof FleetManagerFault) || error.reason !== 'not-found') throw error;
      const again = await this.on.fleet.enroll(this.#stopped.signal);
      if (again === clientId) throw error;
      this.on.log.warn('the fleet manager gave this device another id; its manifests count anew', {
        before: clientId,
        now: again,
      });
      this.#position = { clientId: again, version: 0 };
      this.#reported = undefined;
      await this.on.state.commit([put(positions, positionKey, this.#position)]);
      this.on.reportable();
      throw error;
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    if (this.#hurried) return;
    const wake = new AbortController();
    this.#wake = wake;
    try {
      await this.on.clock.delay(milliseconds, AbortSignal.any([this.#stopped.signal, wake.signal]));
    } catch (error) {
      if (!this.#stopped.signal.aborted && !wake.signal.aborted) throw error;
    }
  }
}
