import { isDeepStrictEqual } from 'node:util';
import { type Certificate, parseCertificate } from '../../core/identity/index.js';
import { Mirror } from '../../core/mirror/index.js';
import { Problem, problems } from '../../core/operation/index.js';
import type { Clock, Logger } from '../../core/plugin/index.js';
import {
  type Change,
  type EventBus,
  put,
  remove,
  StateConflict,
  type StateProvider,
  type Stored,
} from '../../core/ports/index.js';
import { announce } from '../../core/work/index.js';
import type { SignedForm } from '../margo/index.js';
import { refusal } from './decision.js';
import { DeviceChanged, type DevicePage, type DeviceQuery, type DeviceRecord } from './index.js';
import { type Named, Owners } from './owners.js';
import { devices, fingerprints, formOf, labelEntry, sightings } from './record.js';
import { deviceLines } from './shared-presence.js';

/** What the check of every request needs of a device, and what others follow. */
export interface Credential extends Named {
  readonly form: SignedForm;
  /** Parsed on first use, since most devices of a large fleet are quiet when a host starts. */
  readonly certificate: () => Certificate;
}

/** The devices in the store, and their credentials in memory. Tells of every change. */
export class DeviceStore {
  readonly credentials: Mirror<DeviceRecord, Credential>;
  readonly owners = new Owners();
  readonly #followers = new Set<(id: string) => void>();

  constructor(
    private readonly state: StateProvider,
    private readonly events: EventBus,
    private readonly clock: Clock,
    private readonly log: Logger,
    /** Told when a device may not use its credentials any more. */
    refused: (id: string) => void,
  ) {
    this.credentials = new Mirror({
      state,
      collection: devices,
      clock,
      project: ({ value }) => credential(value),
      changed: (id, now, before) => {
        this.owners.changed(id, now, before);
        if (!now || now.refused !== undefined) refused(id);
        if (now?.form !== before?.form || now?.refused !== before?.refused)
          for (const follower of [...this.#followers]) follower(id);
      },
    });
  }

  follow(changed: (id: string) => void): () => void {
    const follower = (id: string): void => changed(id);
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** @throws Problem 404 */
  async get(id: string): Promise<Stored<DeviceRecord>> {
    const stored = await this.state.get(devices, id);
    if (!stored) throw new Problem(problems.notFound, `there is no device ${id}`);
    return stored;
  }

  async byFingerprint(fingerprint: string): Promise<Stored<DeviceRecord> | undefined> {
    const found = await this.state.get(fingerprints, fingerprint);
    return found && this.state.get(devices, found.value.clientId);
  }

  async list({ limit, after, state, label, name }: DeviceQuery): Promise<DevicePage> {
    const indexes = [
      ...(label ? [{ name: 'label', equals: labelEntry(label.key, label.value) }] : []),
      ...(state === undefined ? [] : [{ name: 'state', equals: state }]),
      ...(name === undefined ? [] : [{ name: 'name', equals: name }]),
    ];
    if (indexes.length > 1) throw new TypeError('devices are listed by state, by label or by name, not by two of them');
    const [index] = indexes;
    const query = { ...(index && { index }) };
    const [page, total] = await Promise.all([
      this.state.list(devices, {
        ...query,
        ...(limit !== undefined && { limit }),
        ...(after !== undefined && { after }),
      }),
      this.state.count(devices, query),
    ]);
    const items = page.items.map(({ value }) => value);
    return { items, total, ...(page.next !== undefined && { next: page.next }) };
  }

  /** From memory. */
  get size(): number {
    return this.credentials.size;
  }

  countPending(): Promise<number> {
    return this.state.count(devices, { index: { name: 'state', equals: 'PENDING' } });
  }

  /** @throws StateConflict when the certificate came with another request at the same time */
  add(device: DeviceRecord): Promise<DeviceRecord> {
    const fingerprint = put(fingerprints, device.fingerprint, { clientId: device.id }, 'absent');
    return this.#keep(device, 'absent', [fingerprint]);
  }

  /** @throws StateConflict when it changed meanwhile */
  replace(stored: Stored<DeviceRecord>, changed: DeviceRecord): Promise<DeviceRecord> {
    return this.#keep({ ...changed, updatedAt: this.clock.now() }, stored.revision, []);
  }

  /** Changes a record, again if another change came between. What stays the same is not written. @throws Problem 404 */
  async edit(id: string, change: (device: DeviceRecord) => DeviceRecord): Promise<DeviceRecord> {
    for (;;) {
      const stored = await this.get(id);
      const changed = change(stored.value);
      if (isDeepStrictEqual(changed, stored.value)) return stored.value;
      try {
        return await this.replace(stored, changed);
      } catch (error) {
        if (!(error instanceof StateConflict)) throw error;
      }
    }
  }

  /** @returns what was removed. @throws Problem 404 */
  async remove(id: string): Promise<DeviceRecord> {
    for (;;) {
      const { value, revision } = await this.get(id);
      const record = remove(devices, id, revision);
      const rest = [remove(fingerprints, value.fingerprint), remove(sightings, id), remove(deviceLines, id)];
      try {
        this.credentials.delete(id, await this.state.commit([record, ...rest]));
      } catch (error) {
        if (error instanceof StateConflict) continue;
        throw error;
      }
      await announce(this.events, this.log, DeviceChanged, { id });
      return value;
    }
  }

  async #keep(value: DeviceRecord, expect: number | 'absent', more: readonly Change[]): Promise<DeviceRecord> {
    const revision = await this.state.commit([put(devices, value.id, value, expect), ...more]);
    this.credentials.put({ key: value.id, revision, value });
    await announce(this.events, this.log, DeviceChanged, { id: value.id });
    return value;
  }
}

function credential(record: DeviceRecord): Credential {
  const { state, certificate: pem, name, fingerprint } = record;
  let parsed: Certificate | undefined;
  return {
    name,
    fingerprint,
    refused: refusal(state),
    form: formOf(record),
    certificate: () => {
      parsed ??= parseCertificate(pem);
      return parsed;
    },
  };
}
