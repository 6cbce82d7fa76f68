import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type Certificate, parseCertificate, type VerificationKey } from '../../core/identity/index.js';
import { Mirror } from '../../core/mirror/index.js';
import { Problem, problems } from '../../core/operation/index.js';
import type { Clock, Health, Lifecycle, Logger } from '../../core/plugin/index.js';
import {
  type Change,
  type EventBus,
  put,
  remove,
  StateConflict,
  type StateProvider,
  type Stored,
} from '../../core/ports/index.js';
import type { DeviceCapabilities, SignedForm } from '../margo/index.js';
import { parentOf, withoutReport, withReport } from './capabilities.js';
import { decide, decisions, refusal } from './decision.js';
import {
  DeviceChanged,
  type DeviceManager,
  type DevicePage,
  type DeviceQuery,
  type DeviceRecord,
  type OnboardingPolicy,
} from './index.js';
import { devices, fingerprints, labelEntry, sightings } from './record.js';
import { Sightings } from './sightings.js';
import { admission, readAnchors, readCertificate } from './trust.js';

/** The younger form, for a device that has not shown yet what it speaks. */
const defaultForm: SignedForm = 'D2';

/** What the signature check of every request needs of a device. */
interface Credential {
  readonly refused: string | undefined;
  /** Parsed on first use, since most devices of a large fleet are quiet when a host starts. */
  readonly certificate: () => Certificate;
}

export interface DeviceParts {
  readonly state: StateProvider;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly policy: OnboardingPolicy;
  /** The file with the anchors of the policy `ca`, and what makes it where it may be made. */
  readonly deviceCa: { readonly file: string; readonly make: () => Promise<void> };
}

export class DeviceRegistry implements DeviceManager, Lifecycle {
  readonly policy: OnboardingPolicy;
  readonly #parts: DeviceParts;
  readonly #state: StateProvider;
  readonly #credentials: Mirror<DeviceRecord, Credential>;
  readonly #sightings: Sightings;

  constructor(parts: DeviceParts) {
    this.#parts = parts;
    this.#state = parts.state;
    this.policy = parts.policy;
    this.#credentials = new Mirror(parts.state, devices, ({ value }) => credential(value));
    this.#sightings = new Sightings(
      parts.state,
      parts.clock,
      parts.log,
      (id) => this.#credentials.get(id) !== undefined,
    );
  }

  async start(): Promise<void> {
    // A CA that cannot be read is told at start, not to the first device.
    if (this.policy === 'ca') {
      await this.#parts.deviceCa.make();
      await readAnchors(this.#parts.deviceCa.file);
    }
    await this.#credentials.start();
    await this.#sightings.start();
  }

  drain(): Promise<void> {
    return this.#sightings.close();
  }

  stop(): Promise<void> {
    return this.#credentials.stop();
  }

  health(): Health {
    const mirrored = this.#credentials.health();
    const reason = this.#sightings.fault;
    return mirrored.status === 'ok' && reason !== undefined ? { status: 'degraded', reason } : mirrored;
  }

  async onboard(text: string): Promise<DeviceRecord> {
    const now = this.#parts.clock.now();
    const certificate = readCertificate(text, now);
    for (;;) {
      const known = await this.#byFingerprint(certificate.fingerprint256);
      if (known && known.value.state !== 'PENDING') {
        const refused = refusal(known.value.state);
        if (refused !== undefined) throw new Problem(problems.notAuthorized, refused);
        return known.value;
      }
      const anchors = (): Promise<readonly Certificate[]> => readAnchors(this.#parts.deviceCa.file);
      const state = await admission(this.policy, certificate, anchors, now);
      if (known?.value.state === state) return known.value;
      try {
        if (known) return await this.#replace(known, { ...known.value, state });
        return await this.#add(certificate, state);
      } catch (error) {
        // Another request with the same certificate was faster: its record is the one.
        if (!(error instanceof StateConflict)) throw error;
      }
    }
  }

  async get(id: string): Promise<DeviceRecord> {
    return (await this.#stored(id)).value;
  }

  async list({ limit, after, state, label }: DeviceQuery): Promise<DevicePage> {
    if (state !== undefined && label) throw new TypeError('devices are listed by state or by label, not by both');
    const index = label
      ? { name: 'label', equals: labelEntry(label.key, label.value) }
      : state !== undefined && { name: 'state', equals: state };
    const query = { ...(index && { index }) };
    const [page, total] = await Promise.all([
      this.#state.list(devices, {
        ...query,
        ...(limit !== undefined && { limit }),
        ...(after !== undefined && { after }),
      }),
      this.#state.count(devices, query),
    ]);
    return {
      items: page.items.map(({ value }) => value),
      total,
      ...(page.next !== undefined && { next: page.next }),
    };
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
    for (;;) {
      const { value, revision } = await this.#stored(id);
      try {
        const done = await this.#state.commit([
          remove(devices, id, revision),
          remove(fingerprints, value.fingerprint),
          remove(sightings, id),
        ]);
        this.#credentials.delete(id, done);
        this.#sightings.forget(id);
        this.#parts.log.info('removed a device', { clientId: id, deviceName: value.name });
        await this.#parts.events.publish(DeviceChanged, { id });
        return;
      } catch (error) {
        if (!(error instanceof StateConflict)) throw error;
      }
    }
  }

  setForm(id: string, form: SignedForm | undefined): Promise<DeviceRecord> {
    return this.#edit(id, ({ setForm: _, ...device }) => ({ ...device, ...(form !== undefined && { setForm: form }) }));
  }

  async reportCapabilities(id: string, capabilities: DeviceCapabilities, form: SignedForm): Promise<boolean> {
    let isNew = false;
    await this.#edit(id, (device) => {
      isNew = device.capabilities[capabilities.id] === undefined;
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
    await this.#edit(id, (device) => ({ ...device, capabilities: withoutReport(device.capabilities, deviceId) }));
  }

  formOf({ setForm, spokenForm }: DeviceRecord): SignedForm {
    return setForm ?? spokenForm ?? defaultForm;
  }

  keyOf(id: string): { readonly key: VerificationKey } | { readonly refused: string } | undefined {
    const known = this.#credentials.get(id);
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

  async #stored(id: string): Promise<Stored<DeviceRecord>> {
    const stored = await this.#state.get(devices, id);
    if (!stored) throw new Problem(problems.notFound, `there is no device ${id}`);
    return stored;
  }

  async #byFingerprint(fingerprint: string): Promise<Stored<DeviceRecord> | undefined> {
    const found = await this.#state.get(fingerprints, fingerprint);
    return found && this.#state.get(devices, found.value.clientId);
  }

  async #add(certificate: Certificate, state: DeviceRecord['state']): Promise<DeviceRecord> {
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
    await this.#keep(device, 'absent', [put(fingerprints, device.fingerprint, { clientId: device.id }, 'absent')]);
    this.#parts.log.info('a device has presented itself', { clientId: device.id, deviceName: device.name, state });
    return device;
  }

  async #decide(id: string, decision: keyof typeof decisions): Promise<DeviceRecord> {
    const device = await this.#edit(id, (present) => ({ ...present, state: decide(present, decisions[decision]) }));
    this.#parts.log.info(`${decision}: a device is ${device.state}`, { clientId: id, deviceName: device.name });
    return device;
  }

  /** Changes a record, again if another change came between. What stays the same is not written. */
  async #edit(id: string, change: (device: DeviceRecord) => DeviceRecord): Promise<DeviceRecord> {
    for (;;) {
      const stored = await this.#stored(id);
      const changed = change(stored.value);
      if (isDeepStrictEqual(changed, stored.value)) return stored.value;
      try {
        return await this.#replace(stored, changed);
      } catch (error) {
        if (!(error instanceof StateConflict)) throw error;
      }
    }
  }

  #replace(stored: Stored<DeviceRecord>, changed: DeviceRecord): Promise<DeviceRecord> {
    return this.#keep({ ...changed, updatedAt: this.#parts.clock.now() }, stored.revision, []);
  }

  async #keep(value: DeviceRecord, expect: number | 'absent', more: readonly Change[]): Promise<DeviceRecord> {
    const revision = await this.#state.commit([put(devices, value.id, value, expect), ...more]);
    this.#credentials.put({ key: value.id, revision, value });
    await this.#parts.events.publish(DeviceChanged, { id: value.id });
    return value;
  }
}

function credential({ state, certificate: pem }: DeviceRecord): Credential {
  let parsed: Certificate | undefined;
  return {
    refused: refusal(state),
    certificate: () => {
      parsed ??= parseCertificate(pem);
      return parsed;
    },
  };
}
