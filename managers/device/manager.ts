import { createHash, randomUUID } from 'node:crypto';
import pLimit from 'p-limit';
import type { Certificate, VerificationKey } from '../../core/identity/index.js';
import { Problem, problems } from '../../core/operation/index.js';
import type { Clock, Health, Lifecycle, Logger } from '../../core/plugin/index.js';
import { type EventBus, StateConflict, type StateProvider } from '../../core/ports/index.js';
import type { DeviceCapabilities, SignedForm } from '../margo/index.js';
import { parentOf, withoutReport, withReport } from './capabilities.js';
import { decide, decisions, refusal } from './decision.js';
import type { DeviceManager, DevicePage, DeviceQuery, DeviceRecord, OnboardingPolicy } from './index.js';
import { type DeviceLimits, mustHaveRoom } from './limits.js';
import { type DeviceLine, Presence } from './presence.js';
import { formOf } from './record.js';
import { SharedPresence } from './shared-presence.js';
import { Sightings } from './sightings.js';
import { DeviceStore } from './store.js';
import { admission, readAnchors, readCertificate } from './trust.js';

/** How often other requests with the same certificate can be faster before the caller is told. */
const onboardingAttempts = 16;

export interface DeviceParts {
  readonly state: StateProvider;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly policy: OnboardingPolicy;
  readonly limits: DeviceLimits;
  /** The file with the anchors of the policy `ca`, and what makes it where it may be made. */
  readonly deviceCa: { readonly file: string; readonly make: () => Promise<void> };
}

export class DeviceRegistry implements DeviceManager, Lifecycle {
  readonly policy: OnboardingPolicy;
  readonly #parts: DeviceParts;
  readonly #store: DeviceStore;
  readonly #sightings: Sightings;
  readonly #presence: Presence;
  /** Where other hosts share the state. */
  readonly #elsewhere: SharedPresence | undefined;
  /** New devices one after the other, so that many at once do not pass a limit together. */
  readonly #adding = pLimit(1);

  constructor(parts: DeviceParts) {
    this.#parts = parts;
    this.policy = parts.policy;
    const { state, events, clock, log } = parts;
    this.#presence = new Presence(
      (id) => {
        this.#elsewhere?.changed(id);
        log.info('a device is connected', { clientId: id });
      },
      (id) => {
        this.seen(id);
        this.#elsewhere?.changed(id);
        log.info('a device is no longer connected', { clientId: id });
      },
    );
    const here = this.#presence;
    this.#elsewhere = state.caughtUp ? new SharedPresence({ state, clock, log, here }) : undefined;
    this.#store = new DeviceStore(state, events, clock, log, (id) => this.#presence.cut(id));
    this.#sightings = new Sightings(state, clock, log, (id) => this.#store.credentials.get(id) !== undefined);
  }

  async start(): Promise<void> {
    // A CA that cannot be read is told at start, not to the first device.
    if (this.policy === 'ca') {
      await this.#parts.deviceCa.make();
      await readAnchors(this.#parts.deviceCa.file);
    }
    await this.#store.credentials.start();
    await this.#sightings.start();
    await this.#elsewhere?.start();
  }

  async drain(): Promise<void> {
    await this.#sightings.close();
    await this.#elsewhere?.close();
  }

  async stop(): Promise<void> {
    // Nobody drains what did not start wholly.
    await this.#elsewhere?.stop();
    await this.#sightings.stop();
    await this.#store.credentials.stop();
  }

  health(): Health {
    const mirrored = this.#store.credentials.health();
    if (mirrored.status !== 'ok') return mirrored;
    const reason = this.#elsewhere?.fault;
    return reason === undefined ? this.#sightings.health() : { status: 'degraded', reason };
  }

  async onboard(text: string): Promise<DeviceRecord> {
    const now = this.#parts.clock.now();
    const certificate = readCertificate(text, now);
    for (let attempt = 1; attempt <= onboardingAttempts; attempt++) {
      const known = await this.#store.byFingerprint(certificate.fingerprint256);
      if (known && known.value.state !== 'PENDING') {
        const refused = refusal(known.value.state);
        if (refused !== undefined) throw new Problem(problems.notAuthorized, refused);
        return known.value;
      }
      const anchors = (): Promise<readonly Certificate[]> => readAnchors(this.#parts.deviceCa.file);
      const state = await admission(this.policy, certificate, anchors, now);
      if (known?.value.state === state) return known.value;
      try {
        if (known) return await this.#store.replace(known, { ...known.value, state });
        return await this.#adding(() => this.#add(certificate, state));
      } catch (error) {
        // Another request with the same certificate was faster: its record is the one.
        if (!(error instanceof StateConflict)) throw error;
      }
    }
    throw new Problem(problems.unavailable, 'too many requests with this certificate at once; try again', {
      retryAfterSeconds: 1,
    });
  }

  async get(id: string): Promise<DeviceRecord> {
    return (await this.#store.get(id)).value;
  }

  list(query: DeviceQuery): Promise<DevicePage> {
    return this.#store.list(query);
  }

  approve(id: string): Promise<DeviceRecord> {
    return this.#decide(id, 'approve');
  }
  reject(id: string): Promise<DeviceRecord> {
    return this.#decide(id, 'reject');
  }
  revoke(id: string): Promise<DeviceRecord> {
    return this.#decide(id, 'revoke');
  }

  async remove(id: string): Promise<void> {
    const { name } = await this.#store.remove(id);
    this.#sightings.forget(id);
    this.#parts.log.info('removed a device', { clientId: id, deviceName: name });
  }

  setForm(id: string, form: SignedForm | undefined): Promise<DeviceRecord> {
    return this.#store.edit(id, ({ setForm: _, ...device }) => ({
      ...device,
      ...(form !== undefined && { setForm: form }),
    }));
  }

  async reportCapabilities(id: string, capabilities: DeviceCapabilities, form: SignedForm): Promise<boolean> {
    let isNew = false;
    await this.#store.edit(id, (device) => {
      isNew = !Object.hasOwn(device.capabilities, capabilities.id);
      return {
        ...device,
        capabilities: withReport(device.capabilities, capabilities),
        // A gateway's children may be older than itself; it is the gateway that we talk to.
        ...(parentOf(capabilities.id) === undefined && { spokenForm: form }),
      };
    });
    return isNew;
  }

  async withdrawCapabilities(id: string, deviceId: string): Promise<void> {
    await this.#store.edit(id, (device) => ({ ...device, capabilities: withoutReport(device.capabilities, deviceId) }));
  }

  formOf(record: DeviceRecord): SignedForm {
    return formOf(record);
  }

  knownForm(id: string): SignedForm | undefined {
    return this.#store.credentials.get(id)?.form;
  }

  follow(changed: (id: string) => void): () => void {
    return this.#store.follow(changed);
  }

  keyOf(id: string): { readonly key: VerificationKey } | { readonly refused: string } | undefined {
    const known = this.#store.credentials.get(id);
    if (!known) return undefined;
    if (known.refused !== undefined) return { refused: known.refused };
    const { key, notAfter } = known.certificate();
    return this.#parts.clock.now() > notAfter.getTime()
      ? { refused: `the certificate of the device has expired at ${notAfter.toISOString()}` }
      : { key };
  }

  seen(id: string): void {
    this.#sightings.note(id);
  }

  lastSeen(id: string): number | undefined {
    return this.#sightings.at(id);
  }

  byCertificate(der: Uint8Array): string | undefined {
    return this.#store.owners.of(createHash('sha256').update(der).digest('hex'));
  }

  byName(name: string): readonly string[] {
    return this.#store.owners.named(name);
  }

  connect(id: string): DeviceLine {
    const line = this.#presence.open(id);
    if (!this.#mayConnect(id)) this.#presence.cut(id);
    this.seen(id);
    return line;
  }

  connected(id: string): boolean {
    return this.#presence.has(id) || this.#elsewhere?.has(id) === true;
  }

  #mayConnect(id: string): boolean {
    const known = this.#store.credentials.get(id);
    return known !== undefined && known.refused === undefined;
  }

  async #add(certificate: Certificate, state: DeviceRecord['state']): Promise<DeviceRecord> {
    await mustHaveRoom(this.#store, state, this.#parts.limits);
    const now = this.#parts.clock.now();
    const device: DeviceRecord = {
      id: randomUUID(),
      name: certificate.commonName ?? certificate.subject,
      fingerprint: certificate.fingerprint256,
      certificate: certificate.pem,
      state,
      capabilities: {},
      createdAt: now,
      updatedAt: now,
    };
    await this.#store.add(device);
    this.#parts.log.info('a device has presented itself', { clientId: device.id, deviceName: device.name, state });
    return device;
  }

  async #decide(id: string, decision: keyof typeof decisions): Promise<DeviceRecord> {
    const device = await this.#store.edit(id, (present) => ({
      ...present,
      state: decide(present, decisions[decision]),
    }));
    this.#parts.log.info(`${decision}: a device is ${device.state}`, { clientId: id, deviceName: device.name });
    return device;
  }
}
